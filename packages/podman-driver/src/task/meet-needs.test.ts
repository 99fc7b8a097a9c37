import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImage } from "../config/image-reference.ts";
import type { TaskLogin } from "../image/auth/find-credentials.ts";
import { toMountedNeed } from "./meet-needs.ts";

test("a login is shown for a mounted image where it is for its registry, and to no other registry", () => {
  const loginFor = (own: string, mounted: string, server?: TaskLogin["server"]): boolean => {
    const source = parseImage(own, { allocDir: "/alloc", taskName: "web" });
    assert.ok(source.kind !== "rootfs");
    const login = { username: "ada", password: "s3cret", server };
    const more = { checksum: undefined, policy: "always", platform: undefined, tlsVerify: undefined } as const;
    const need = { kind: "image", source, login, skipsFailingAuth: false, pullTimeoutMs: 1, ...more } as const;
    return toMountedNeed(mounted, need).login !== undefined;
  };
  const rows = [
    ["r.io/x:1", "r.io/data:1", true],
    ["r.io/x:1", "other.test/data:1", false],
    ["r.io/x:1", "data:1", false],
    ["redis", "data:1", true],
    ["redis", "docker.io/a/data:1", true],
    ["redis", "r.io/data:1", false],
    ["localhost/x:1", "r.io/data:1", true],
    ["docker-archive:/a.tar", "r.io/data:1", true],
  ] as const;
  for (const [own, mounted, isShown] of rows) assert.equal(loginFor(own, mounted), isShown, `${own} ${mounted}`);
  assert.equal(loginFor("r.io/x:1", "other.test/data:1", { host: "other.test", path: "", isUrl: false }), true);
});

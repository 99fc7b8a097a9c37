import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRegistryKey, rankKey, toRegistryPlace } from "./registry-key.ts";

describe("the place of an image", () => {
  for (const [reference, host, path] of [
    ["docker.io/library/redis:7", "docker.io", "library/redis"],
    ["docker.io/redis", "docker.io", "library/redis"],
    ["index.docker.io/me/x", "docker.io", "me/x"],
    ["ghcr.io/a/b:1@sha256:00", "ghcr.io", "a/b"],
    ["localhost:5000/x:1", "localhost:5000", "x"],
    ["REG.example/x", "reg.example", "x"],
    ["[::1]:5000/x:1", "[::1]:5000", "x"],
  ] as const) {
    test(reference, () => assert.deepEqual(toRegistryPlace(reference), { host, path }));
  }
  for (const short of ["redis", "redis:7", "me/redis", "a/b/c:1", "redis@sha256:00"]) {
    test(`${short} is Podman's to know`, () => assert.equal(toRegistryPlace(short), undefined));
  }
});

describe("the best key for an image", () => {
  const rows: readonly { readonly keys: readonly string[]; readonly reference: string; readonly best: string | undefined }[] = [
    { keys: ["r.io", "r.io/a", "r.io/a/b"], reference: "r.io/a/b:1", best: "r.io/a/b" },
    { keys: ["r.io", "r.io/a"], reference: "r.io/ab/c", best: "r.io" },
    { keys: ["r.io/x/foo"], reference: "r.io/x/foobar", best: undefined },
    { keys: ["r.io"], reference: "r.iox/a/b", best: undefined },
    { keys: ["example.co"], reference: "example.com/a", best: undefined },
    { keys: ["r.io"], reference: "r.io:5000/a", best: undefined },
    { keys: ["r.io:5000"], reference: "r.io/a", best: undefined },
    { keys: ["https://r.io", "r.io"], reference: "r.io/a", best: "r.io" },
    { keys: ["https://r.io/a/v2/"], reference: "r.io/zzz", best: "https://r.io/a/v2/" },
    { keys: ["http://r.io"], reference: "r.io/zzz", best: "http://r.io" },
    { keys: ["https://index.docker.io/v1/"], reference: "docker.io/me/x", best: "https://index.docker.io/v1/" },
    { keys: ["https://index.docker.io/v1/", "docker.io"], reference: "docker.io/me/x", best: "docker.io" },
    { keys: ["docker.io", "docker.io/library"], reference: "docker.io/redis", best: "docker.io/library" },
    { keys: ["registry-1.docker.io"], reference: "docker.io/redis", best: "registry-1.docker.io" },
    { keys: ["r.io/a/b:1"], reference: "r.io/a/b:1", best: undefined },
    { keys: ["r.io/a/"], reference: "r.io/a/b", best: undefined },
    { keys: ["*.io", "", "r io", "r.io/"], reference: "r.io/a", best: undefined },
    { keys: ["R.IO"], reference: "r.io/a", best: "R.IO" },
  ];
  for (const { keys, reference, best } of rows) {
    test(`${reference} has ${best ?? "none"} of ${keys.join(", ")}`, () => {
      const place = toRegistryPlace(reference) ?? assert.fail("a short name");
      const ranked = keys.flatMap((text) => {
        const key = parseRegistryKey(text);
        const rank = key === undefined ? undefined : rankKey(key, place);
        return rank === undefined ? [] : [{ text, rank }];
      });
      assert.equal(ranked.toSorted((one, other) => other.rank - one.rank)[0]?.text, best);
    });
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toPullReference } from "./image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;
const references: Readonly<Record<string, string>> = {
  redis: "redis",
  "redis:7": "redis:7",
  "localhost/x": "localhost/x",
  "localhost:5000/x:1": "localhost:5000/x:1",
  "127.0.0.1:9/x": "127.0.0.1:9/x",
  "ghcr.io/a/b:1": "ghcr.io/a/b:1",
  [`redis@${digest}`]: `redis@${digest}`,
  "docker://redis": "docker.io/library/redis:latest",
  "docker://redis:7": "docker.io/library/redis:7",
  "docker://bitnami/redis": "docker.io/bitnami/redis:latest",
  "docker://ghcr.io/a/b": "ghcr.io/a/b:latest",
  "docker://localhost/x": "localhost/x:latest",
  "docker://localhost:5000/x": "localhost:5000/x:latest",
  "docker://127.0.0.1:5000/a/x:1": "127.0.0.1:5000/a/x:1",
  [`docker://redis@${digest}`]: `docker.io/library/redis@${digest}`,
  [`docker://ghcr.io/a/b@${digest}`]: `ghcr.io/a/b@${digest}`,
};
for (const [image, reference] of Object.entries(references)) {
  test(`asks Podman for ${reference} when the job says ${image}`, () => assert.equal(toPullReference(image), reference));
}

test("refuses an empty image", () => assert.throws(() => toPullReference(""), { code: "config-invalid", message: /^config key image: a name is required; write e\.g\. docker\.io/ }));

test("refuses docker: without its slashes, and says how to write it", () => {
  assert.throws(() => toPullReference("docker:redis"), { code: "config-invalid", message: 'config key image: "docker:redis" is not a reference; write docker://redis' });
});

for (const transport of ["oci-archive", "docker-archive", "docker-daemon", "dir", "oci", "containers-storage", "ostree"]) {
  test(`refuses the transport ${transport} by name`, () => {
    assert.throws(() => toPullReference(`${transport}:/x`), { code: "unsupported", message: `config key image: "${transport}:/x" has the transport ${transport}:, which is not supported yet; use a registry reference` });
  });
}

test("names Docker Hub in full for any name behind docker://, with a tag", () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(part, { nil: undefined }), (parts, tag) => {
      fc.pre(parts[0] !== "localhost" || parts.length === 1);
      const reference = toPullReference(`docker://${parts.join("/")}${tag === undefined ? "" : `:${tag}`}`);
      assert.match(reference, /^docker\.io\/[a-z0-9]+(\/[a-z0-9]+)+:[a-z0-9]+$/);
    }),
  );
});

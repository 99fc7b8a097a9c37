import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { CliWorkplace, listContainersOf } from "./cli-run.ts";

const hello = join(import.meta.dirname, "..", "examples", "hello.nomad.hcl");

test("the hello job prints what it fetched, tells what happens, and leaves nothing", async () => {
  await using workplace = await CliWorkplace.create();
  const { code, stdout, stderr } = await workplace.runJob(hello);
  assert.equal(stdout, "fetch | Hello from seed of job hello.\n");
  assert.match(stderr, /^driver podman \S+: Healthy\n/);
  assert.match(stderr, /^group hello\[0\]: allocation [0-9a-f]{8}, http [\d.]+:\d+ → 8080$/m);
  assert.match(stderr, /^seed {2}\* ended: exit code 0$/m);
  assert.match(stderr, /^fetch \| fetched from http:\/\/[\d.]+:\d+\/index\.html, attempt \d+$/m);
  assert.match(stderr, /^web {3}\* stopped: exit code 0$/m);
  assert.match(stderr, /^hello: done, 3 tasks in \d+\.\d s\n$/m);
  assert.equal(code, 0);
  assert.deepEqual(await listContainersOf({ stderr }), []);
});

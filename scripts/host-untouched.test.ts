import assert from "node:assert/strict";
import { test } from "node:test";
import { runProcess } from "@driver/testing";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly changes: readonly string[];
  readonly containers: string;
}

const timeoutMs = 240_000;

// In a world inside the tests' world, where nothing else goes on, beside an engine with a running container.
test("npm start and npm test leave a machine with an engine of its own as they found it", { timeout: timeoutMs }, async (t) => {
  const commands = [
    ["npm", "start", "--silent"],
    ["npm", "start", "--silent", "--", "no-such-file.nomad.hcl"],
    ["npm", "test", "--silent", "--", "--only-tests", "scripts/build/strip-elf"],
  ];
  const outcomes = await runBesideUsersEngine(commands, t.signal);
  const [hello, failed, tests] = outcomes;
  assert.ok(hello !== undefined && failed !== undefined && tests !== undefined && outcomes.length === commands.length);
  assert.equal(hello.code, 0, hello.stderr);
  assert.match(hello.stdout, /Hello from/);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /no-such-file/);
  assert.equal(tests.code, 0, tests.stdout);
  assert.match(tests.stdout, /pass \d/);
  for (const outcome of outcomes) {
    assert.deepEqual(outcome.changes, []);
    assert.equal(outcome.containers, "localhost/busybox:1 exited=false");
  }
});

async function runBesideUsersEngine(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<Outcome[]> {
  const script = `
    import { runInWorld } from "@driver/testing";
    const command = [process.execPath, "scripts/commands-in-world.ts", ...process.argv.slice(1)];
    process.exitCode = await runInWorld({ network: "own", command, env: process.env, signal: AbortSignal.timeout(${timeoutMs}) });`;
  const args = ["--input-type=module", "--eval", script, "--", ...commands.map((command) => JSON.stringify(command))];
  const result = await runProcess(process.execPath, args, { signal });
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim().split("\n").map((line): Outcome => JSON.parse(line));
}

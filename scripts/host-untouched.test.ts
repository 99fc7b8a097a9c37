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

/** Runs until it is stopped, with a published port. */
const lastingJob = `job "lasts" {
  group "g" {
    network {
      port "http" { to = 8080 }
    }
    task "t" {
      driver = "podman"
      config {
        image        = "localhost/busybox:1"
        network_mode = "bridge"
        ports        = ["http"]
        command      = "sleep"
        args         = ["1000"]
      }
    }
  }
}
`;

test("npm start leaves no trace on a fresh machine, the next one not even of one that was killed", { timeout: timeoutMs }, async (t) => {
  const start = "setsid node --disable-warning=ExperimentalWarning scripts/start.ts /tmp/lasts.nomad.hcl 2>/tmp/lasts.log &";
  const kill = "for i in $(seq 600); do grep -q 't *[*] started' /tmp/lasts.log && break; sleep 0.1; done; kill -KILL -$!; wait";
  const told = "cat /tmp/lasts.log >&2; rm /tmp/lasts.log /tmp/lasts.nomad.hcl";
  const killed = `cat >/tmp/lasts.nomad.hcl <<'END'\n${lastingJob}END\n${start}\n${kill}\n${told}`;
  const commands = [
    ["npm", "start", "--silent"],
    ["sh", "-c", `${killed}; npm start --silent`],
  ];
  const outcomes = await runInOwnWorld(["--alone", ...commands.map((command) => JSON.stringify(command))], t.signal);
  assert.equal(outcomes.length, commands.length);
  for (const outcome of outcomes) {
    assert.match(outcome.stdout, /Hello from/, outcome.stderr);
    assert.deepEqual(outcome.changes, []);
  }
  assert.match(outcomes[1]?.stderr ?? "", /t +\* started/);
});

async function runBesideUsersEngine(commands: readonly (readonly string[])[], signal: AbortSignal): Promise<Outcome[]> {
  return runInOwnWorld(commands.map((command) => JSON.stringify(command)), signal);
}

async function runInOwnWorld(commandLine: readonly string[], signal: AbortSignal): Promise<Outcome[]> {
  const script = `
    import { runInWorld } from "@driver/testing";
    const command = [process.execPath, "scripts/commands-in-world.ts", ...process.argv.slice(1)];
    process.exitCode = await runInWorld({ network: "own", command, env: process.env, signal: AbortSignal.timeout(${timeoutMs}) });`;
  const args = ["--input-type=module", "--eval", script, "--", ...commandLine];
  const result = await runProcess(process.execPath, args, { signal });
  assert.equal(result.code, 0, result.stderr);
  return result.stdout.trim().split("\n").map((line): Outcome => JSON.parse(line));
}

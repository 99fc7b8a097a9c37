import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { until } from "@driver/testing";
import { ExhaustedDescriptors } from "../../logs/exhausted-descriptors.ts";
import { askHelper, HelperError, toHelperServer } from "./credential-helper.ts";

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const folder = mkdtempSync(join(tmpdir(), "helpers-"));
const path = process.env["PATH"] ?? "";
before(() => (process.env["PATH"] = `${folder}:${path}`));
after(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

/** A helper that runs a shell script; gives its name. */
function helper(name: string, script: string): string {
  writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return name;
}

test("is asked with the argument get and the registry on stdin", async () => {
  const name = helper("echo", `read -r server || :; echo "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"$server\\"}"`);
  assert.deepEqual(await askHelper(name, "r.io:5000", { signal: soon() }), { username: "get", password: "r.io:5000" });
  assert.deepEqual([toHelperServer("docker.io"), toHelperServer("r.io")], ["https://index.docker.io/v1/", "r.io"]);
});

test("gives a token where the user name says so, and nothing where it knows nothing", async () => {
  assert.deepEqual(await askHelper(helper("token", `echo '{"Username":"<token>","Secret":"T"}'`), "r.io", { signal: soon() }), {
    identityToken: "T",
  });
  assert.equal(
    await askHelper(helper("none", "echo credentials not found in native keychain; exit 1"), "r.io", { signal: soon() }),
    undefined,
  );
  assert.equal(await askHelper(helper("blank", `echo '{"Username":"","Secret":""}'`), "r.io", { signal: soon() }), undefined);
});

describe("fails in its own words, and shows no secret, when it", () => {
  const rows = [
    {
      what: "is not there",
      name: "no-such",
      message: /^docker-credential-no-such cannot be run: it is not in the plugin's PATH$/,
      mayPass: false,
    },
    { what: "has a path for a name", name: "../x", message: /is no name of a program/, mayPass: false },
    {
      what: "ends with a code",
      name: helper("code", "echo no network >&2; exit 3"),
      message: /ended with code 3: no network$/,
      mayPass: true,
    },
    {
      what: "says why on stdout",
      name: helper("stdout", "echo no network; exit 3"),
      message: /ended with code 3: no network$/,
      mayPass: true,
    },
    {
      what: "fails after it has printed a secret",
      name: helper("leak", `echo '{"Username":"u","Secret":"s3cret"}'; exit 3`),
      message: /ended with code 3$/,
      mayPass: true,
    },
    { what: "prints no JSON", name: helper("text", "echo s3cret"), message: /printed no JSON$/, mayPass: false },
    {
      what: "prints another JSON",
      name: helper("json", `echo '{"Secret":"s3cret"}'`),
      message: /without Username and Secret$/,
      mayPass: false,
    },
    { what: "prints null", name: helper("null", "echo null"), message: /without Username and Secret$/, mayPass: false },
    {
      what: "prints without an end",
      name: helper("flood", "while :; do echo s3crets3crets3cret; done"),
      message: /printed more than 262144 bytes$/,
      mayPass: false,
    },
  ];
  for (const { what, name, message, mayPass } of rows) {
    test(what, async () => {
      await assert.rejects(askHelper(name, "r.io", { signal: soon() }), (error) => {
        assert.ok(error instanceof HelperError);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message} ${error.stack ?? ""}`, /s3cret/);
        return error.mayPass === mayPass;
      });
    });
  }
});

test("is ended with all it has started, at its deadline and with the caller", async () => {
  const notes = join(folder, "notes");
  const name = helper("slow", `sleep 600 & echo $! >> ${notes}; wait`);
  const started = (): readonly number[] => readFileSync(notes, "utf8").split("\n").slice(0, -1).map(Number);
  // Enough for a shell to begin, on a busy machine too.
  await assert.rejects(askHelper(name, "r.io", { deadlineMs: 3000, signal: soon() }), { message: /gave no answer within 3 s$/ });
  assert.equal(started().length, 1);
  const caller = new AbortController();
  const asking = assert.rejects(askHelper(name, "r.io", { signal: caller.signal }), /enough/);
  await until(() => started().length === 2);
  caller.abort(new Error("enough"));
  await asking;
  await until(() => started().every((pid) => !isAlive(pid)));
});

test("has answered when it has ended, also when what it has started holds its output and goes on", async () => {
  const notes = join(folder, "agent");
  const name = helper("agent", `sleep 600 & echo $! >> ${notes}; echo '{"Username":"ada","Secret":"p"}'`);
  assert.deepEqual(await askHelper(name, "r.io", { signal: soon() }), { username: "ada", password: "p" });
  const agent = Number(readFileSync(notes, "utf8"));
  assert.equal(isAlive(agent), true);
  process.kill(agent);
});

/** A zombie is dead: not everywhere does somebody reap it. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}

test("ends nothing but the question where no descriptor is left to run it with, and another try is offered", async () => {
  const name = helper("starved", "exit 0");
  using _exhausted = new ExhaustedDescriptors();
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", note);
  try {
    await assert.rejects(askHelper(name, "r.io", { signal: soon() }), (error) => {
      assert.ok(error instanceof HelperError);
      assert.match(error.message, /^docker-credential-starved cannot be run: .*EMFILE$/);
      return error.mayPass;
    });
    await nextTurn();
  } finally {
    process.off("uncaughtException", note);
  }
  assert.deepEqual(uncaught, []);
});

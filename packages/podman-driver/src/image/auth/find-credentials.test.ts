import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { RegistryCredentials } from "@driver/libpod";
import { askHelper } from "./credential-helper.ts";
import { findCredentials, type AuthTools, type TaskLogin } from "./find-credentials.ts";

/** Without a memory between pulls. */
const tools: AuthTools = {
  noteFile: () => undefined,
  askHelper: (name, server, signal) => askHelper(name, server, { signal }),
};

async function credentialsOf(
  t: TestContext,
  reference: string,
  auths: object,
  noteFile = tools.noteFile,
): Promise<RegistryCredentials | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "find-credentials-"));
  t.after(() => rm(folder, { recursive: true }));
  const config = join(folder, "auth.json");
  await writeFile(config, JSON.stringify({ auths }));
  const operator = { config, helper: undefined, login: undefined };
  return await findCredentials({ reference, login: undefined, operator, onSkipped: undefined, tools: { ...tools, noteFile } }, t.signal);
}

const auth = Buffer.from("ada:lovelace").toString("base64");
const login = { username: "ada", password: "lovelace" };
const entries = { "r.io": { auth }, "r.io/team": { identitytoken: "T" } };

test("a login is given for its registry alone, and an identity token as Podman takes one", async (t) => {
  assert.deepEqual(await credentialsOf(t, "r.io/x:1", entries), { byRegistry: { "r.io": login } });
  assert.deepEqual(await credentialsOf(t, "r.io/team/x:1", entries), { anyRegistry: { identityToken: "T" } });
});

test("a login goes by the host as the image has it, since Podman looks for those letters", async (t) => {
  assert.deepEqual(await credentialsOf(t, "R.io/x:1", entries), { byRegistry: { "R.io": login } });
  const operator = { config: undefined, helper: undefined, login: undefined };
  const query = { reference: "R.IO/team/x:1", operator, onSkipped: undefined, tools };
  for (const [server, key] of [
    [{ host: "r.io", path: "team", isUrl: false }, "R.IO/team"],
    [undefined, "R.IO"],
    [{ host: "other.io", path: "", isUrl: false }, "other.io"],
  ] as const) {
    assert.deepEqual(await findCredentials({ ...query, login: { ...login, server } }, t.signal), { byRegistry: { [key]: login } });
  }
});

test("a source that is no file is told at once, and is neither waited for nor read without an end", { timeout: 20_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "find-credentials-"));
  t.after(() => rm(folder, { recursive: true }));
  execFileSync("mkfifo", [join(folder, "fifo")]);
  for (const config of [join(folder, "fifo"), "/dev/zero", folder]) {
    const operator = { config, helper: undefined, login: undefined };
    const found = findCredentials({ reference: "r.io/x:1", login: undefined, operator, onSkipped: undefined, tools }, t.signal);
    await assert.rejects(found, { message: `credentials from the plugin's auth.config ${config}: is no file` });
  }
});

test("a short name is given all logins, but no token that Podman would show as an empty login", async (t) => {
  assert.deepEqual(await credentialsOf(t, "x:1", entries), { byRegistry: { "r.io": login } });
  assert.equal(await credentialsOf(t, "x:1", { "r.io": { identitytoken: "T" } }), undefined);
});

test("a mistake in another registry's entry takes no login away, and is told of with each reading", async (t) => {
  const told: (readonly string[])[] = [];
  const broken = { ...entries, "other.io": { auth: "broken" } };
  const note = (_path: string, mistakes: readonly string[]): void => void told.push(mistakes);
  assert.deepEqual(await credentialsOf(t, "r.io/x:1", broken, note), { byRegistry: { "r.io": login } });
  assert.deepEqual(await credentialsOf(t, "x:1", broken, note), { byRegistry: { "r.io": login } });
  await assert.rejects(credentialsOf(t, "other.io/x:1", broken, note), {
    message: /^credentials from the plugin's auth\.config \/\S+: auths\["other\.io"\]\.auth is base64 of something else/,
  });
  assert.deepEqual(told.map((mistakes) => mistakes.length), [1, 1, 1]);
  await credentialsOf(t, "r.io/x:1", entries, note);
  assert.deepEqual(told.at(-1), []);
});

test("a source goes before those behind it: the task, the file, the helper, the login; in the file a registry's helper", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "find-credentials-"));
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}:${path}`;
  t.after(async () => {
    process.env["PATH"] = path;
    await rm(folder, { recursive: true });
  });
  const config = join(folder, "auth.json");
  for (const name of ["own", "all", "store"]) {
    const script = `#!/bin/sh\nread -r server || :\necho '{"Username":"${name}","Secret":"p"}'\n`;
    await writeFile(join(folder, `docker-credential-${name}`), script, { mode: 0o755 });
  }
  const server = { host: "r.io", path: "", isUrl: false };
  const find = async (file: object, login?: TaskLogin): Promise<string | undefined> => {
    await writeFile(config, JSON.stringify(file));
    const operator = { config, helper: "all", login: { username: "login", password: "p", server } };
    const found = await findCredentials({ reference: "r.io/x:1", login, operator, onSkipped: undefined, tools }, t.signal);
    return found !== undefined && "byRegistry" in found ? found.byRegistry["r.io"]?.username : undefined;
  };
  const whole = { auths: { "r.io": { auth } }, credHelpers: { "r.io": "own" }, credsStore: "store" };
  assert.equal(await find(whole, { username: "task", password: "p", server: undefined }), "task");
  assert.equal(await find(whole), "own");
  assert.equal(await find({ ...whole, credHelpers: {} }), "ada");
  assert.equal(await find({ credsStore: "store" }), "store");
  assert.equal(await find({}), "all");
  const operator = { config: undefined, helper: undefined, login: { username: "login", password: "p", server } };
  assert.deepEqual(await findCredentials({ reference: "r.io/x:1", login: undefined, operator, onSkipped: undefined, tools }, t.signal), {
    byRegistry: { "r.io": { username: "login", password: "p", server } },
  });
});

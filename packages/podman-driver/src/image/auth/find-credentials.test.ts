import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { RegistryCredentials } from "@driver/libpod";
import { findCredentials } from "./find-credentials.ts";

async function credentialsOf(t: TestContext, reference: string, auths: object): Promise<RegistryCredentials | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "find-credentials-"));
  t.after(() => rm(folder, { recursive: true }));
  const config = join(folder, "auth.json");
  await writeFile(config, JSON.stringify({ auths }));
  return await findCredentials(
    { reference, login: undefined, operator: { config, helper: undefined, login: undefined }, onSkipped: undefined },
    t.signal,
  );
}

const auth = Buffer.from("ada:lovelace").toString("base64");
const login = { username: "ada", password: "lovelace" };
const entries = { "r.io": { auth }, "r.io/team": { identitytoken: "T" } };

test("a login is given for its registry alone, and an identity token as Podman takes one", async (t) => {
  assert.deepEqual(await credentialsOf(t, "r.io/x:1", entries), { byRegistry: { "r.io": login } });
  assert.deepEqual(await credentialsOf(t, "r.io/team/x:1", entries), { anyRegistry: { identityToken: "T" } });
});

test("a short name is given all logins, but no token that Podman would show as an empty login", async (t) => {
  assert.deepEqual(await credentialsOf(t, "x:1", entries), { byRegistry: { "r.io": login } });
  assert.equal(await credentialsOf(t, "x:1", { "r.io": { identitytoken: "T" } }), undefined);
});

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "@driver/testing";
import { SharedHelpers } from "./shared-helpers.ts";

interface Bench {
  readonly helpers: SharedHelpers;
  /** Lines that the helper has written: what it was asked, and its end. */
  notes(): Promise<readonly string[]>;
}

/** A helper `shared` in PATH that notes when it runs. */
async function start(t: TestContext, script: string): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "shared-helpers-"));
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${folder}:${path}`;
  t.after(async () => {
    process.env["PATH"] = path;
    await rm(folder, { recursive: true });
  });
  const notes = join(folder, "notes");
  await writeFile(notes, "");
  const text = `#!/bin/sh\nread -r server\necho "$server" >>${notes}\n${script}\n`;
  await writeFile(join(folder, "docker-credential-shared"), text, { mode: 0o755 });
  return { helpers: new SharedHelpers(), notes: async () => (await readFile(notes, "utf8")).split("\n").filter((line) => line !== "") };
}

const answer = `sleep 0.3; echo '{"Username":"ada","Secret":"p"}'`;

test("a helper runs once for all who ask it for one registry at the same time, and again for who comes later", async (t) => {
  const { helpers, notes } = await start(t, answer);
  const asked = ["r.io", "r.io", "other.io", "r.io"].map((server) => helpers.ask("shared", `${server}\n`, t.signal));
  assert.deepEqual((await Promise.all(asked)).map((login) => login?.username), ["ada", "ada", "ada", "ada"]);
  assert.deepEqual((await notes()).toSorted(), ["other.io", "r.io"]);
  await helpers.ask("shared", "r.io\n", t.signal);
  assert.deepEqual((await notes()).toSorted(), ["other.io", "r.io", "r.io"]);
});

test("its failure is that of all who wait, and the next one has it run again", async (t) => {
  const { helpers, notes } = await start(t, "sleep 0.2; exit 3");
  const asked = await Promise.allSettled([1, 2].map(() => helpers.ask("shared", "r.io\n", t.signal)));
  assert.deepEqual(asked.map(({ status }) => status), ["rejected", "rejected"]);
  await assert.rejects(helpers.ask("shared", "r.io\n", t.signal), /ended with code 3/);
  assert.equal((await notes()).length, 2);
});

test("one who leaves takes it from nobody, and the last ends it", async (t) => {
  const { helpers, notes } = await start(t, answer);
  const leaving = new AbortController();
  const [gone, stays] = [helpers.ask("shared", "r.io\n", leaving.signal), helpers.ask("shared", "r.io\n", t.signal)];
  leaving.abort(new Error("left"));
  await assert.rejects(gone, /left/);
  assert.equal((await stays)?.username, "ada");

  const { helpers: others, notes: otherNotes } = await start(t, `sleep 1; echo end >>"$(dirname "$0")/notes"`);
  const last = new AbortController();
  const asked = others.ask("shared", "r.io\n", last.signal);
  await until(async () => (await otherNotes()).length === 1);
  last.abort(new Error("left"));
  await assert.rejects(asked, /left/);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual(await otherNotes(), ["r.io"]);
  assert.equal((await notes()).length, 1);
});

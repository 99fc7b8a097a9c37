import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { NomadVariableFiles } from "./nomad-variable-files.ts";

const folder = await mkdtemp(join(tmpdir(), "nomad-var-files-"));
after(() => rm(folder, { recursive: true }));

/** Opens the variables of a file, and gives what can be waited for. */
async function open(name: string): Promise<{ readonly path: string; readonly files: NomadVariableFiles; readonly seen: EventEmitter }> {
  const path = join(folder, name);
  await writeFile(path, '{ "a": "1" }');
  const seen = new EventEmitter();
  const files = await NomadVariableFiles.open([`p=@${path}`, "p=b=2"], (message) => void seen.emit("problem", message));
  files.store.onChange(() => void seen.emit("change"));
  return { path, files, seen };
}

test("a file that is written to is read again, and what the command line says stays", async () => {
  const { path, files, seen } = await open("written.json");
  using _ = files;
  const changed = once(seen, "change");
  await writeFile(path, '{ "a": "3", "b": "4" }');
  await changed;
  assert.deepEqual(Object.fromEntries(files.store.all()), { p: { a: "3", b: "2" } });
});

test("a file that another one takes the place of is read again, and again", async () => {
  const { path, files, seen } = await open("replaced.json");
  using _ = files;
  for (const value of ["5", "6"]) {
    const changed = once(seen, "change");
    await writeFile(`${path}.new`, JSON.stringify({ a: value }));
    await rename(`${path}.new`, path);
    await changed;
    assert.equal(files.store.all().get("p")?.["a"], value);
  }
});

test("a file that is none any more is told, and its values stay; a right one counts again", async () => {
  const { path, files, seen } = await open("broken.json");
  using _ = files;
  const told = once(seen, "problem");
  await writeFile(path, "{");
  const [message]: unknown[] = await told;
  assert.match(String(message), /broken\.json" is no JSON object; what it said before counts on$/);
  assert.equal(files.store.all().get("p")?.["a"], "1");
  const changed = once(seen, "change");
  await writeFile(path, '{ "a": "7" }');
  await changed;
  assert.equal(files.store.all().get("p")?.["a"], "7");
});

test("a file that cannot be read at first is refused, and not watched", async () => {
  await assert.rejects(NomadVariableFiles.open([`p=@${folder}/none.json`], () => undefined), /cannot be read/);
});

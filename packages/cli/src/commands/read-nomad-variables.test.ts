import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { UsageError } from "../usage-error.ts";
import { readNomadVariables } from "./read-nomad-variables.ts";

const folder = await mkdtemp(join(tmpdir(), "nomad-vars-"));
const file = join(folder, "items.json");
await writeFile(file, '{ "a": "1", "b": "2" }');
await writeFile(join(folder, "list.json"), "[]");
await writeFile(join(folder, "number.json"), '{ "a": 1 }');
after(() => rm(folder, { recursive: true }));

test("variables come from the command line and from files, later ones first in rank", async () => {
  const variables = await readNomadVariables(["nomad/jobs/x=k=v=w", `p=@${file}`, "p=b=3", "nomad/jobs/x=e="]);
  assert.deepEqual(Object.fromEntries(variables), { "nomad/jobs/x": { k: "v=w", e: "" }, p: { a: "1", b: "3" } });
});

const refused: readonly (readonly [assignment: string, message: RegExp])[] = [
  ["p", /-nomad-var "p" is not of the form path=key=value or path=@file/],
  ["p=k", /is not of the form/],
  ["=k=v", /is not of the form/],
  ["p=@/nowhere", /"\/nowhere" cannot be read: .*ENOENT/],
  [`p=@${folder}/list.json`, /list.json" is no JSON object$/],
  [`p=@${folder}/number.json`, /number.json" has no text for "a"$/],
];

for (const [assignment, message] of refused) {
  test(`refuses ${message.source}`, async () => {
    await assert.rejects(readNomadVariables([assignment]), (error) => error instanceof UsageError && message.test(error.message));
  });
}

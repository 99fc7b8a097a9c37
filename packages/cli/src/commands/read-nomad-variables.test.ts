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

test("a path is the same however its slashes stand", async () => {
  const variables = await readNomadVariables(["/a//b/=k=1", "a/b=l=2", " a/b@default=m=3", "a/b@default.global=n=4", "a/b@x=k=5"]);
  assert.deepEqual(Object.fromEntries(variables), { "a/b": { k: "1", l: "2", m: "3", n: "4" }, "a/b@x": { k: "5" } });
});

const refused: readonly (readonly [assignment: string, message: RegExp])[] = [
  ["p", /-nomad-var "p" is not of the form path=key=value or path=@file/],
  ["p=k", /is not of the form/],
  ["=k=v", /is not of the form/],
  ["a@b@c=k=v", /^run: -nomad-var "a@b@c=k=v": its path must be like nomad\/jobs\/web, or PATH@NAMESPACE$/],
  ["/=k=v", /its path must be like/],
  ["a b=k=v", /a path has up to 128 of the letters/],
  ["a.b=k=v", /a path has up to 128 of the letters/],
  [`${"a".repeat(129)}=k=v`, /a path has up to 128 of the letters/],
  ["nomad=k=v", /below "nomad" there are only nomad\/jobs, nomad\/sentinel and nomad\/job-templates\/NAME$/],
  ["nomad/x=k=v", /below "nomad" there are only/],
  ["nomad/job-templates/x/y=k=v", /below "nomad" there are only/],
  ["p=@/nowhere", /"\/nowhere" cannot be read: .*ENOENT/],
  [`p=@${folder}/list.json`, /list.json" is no JSON object$/],
  [`p=@${folder}/number.json`, /number.json" has no text for "a"$/],
];

for (const [assignment, message] of refused) {
  test(`refuses ${message.source}`, async () => {
    await assert.rejects(readNomadVariables([assignment]), (error) => error instanceof UsageError && message.test(error.message));
  });
}

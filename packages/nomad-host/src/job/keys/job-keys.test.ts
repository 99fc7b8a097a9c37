import assert from "node:assert/strict";
import { test } from "node:test";
import { takesForm, type BlockKind, type JobKey, type JobKeys } from "./job-key.ts";
import { jobBlock } from "./job-keys.ts";

/** Every block with the names around it and its own. */
function blocksIn(kind: BlockKind<JobKeys>, path: string): readonly (readonly [string, BlockKind<JobKeys>])[] {
  const inner = Object.entries(kind.keys).flatMap(([name, key]) =>
    key.kind.form === "block" ? blocksIn(key.kind, `${path} > ${name}`) : [],
  );
  return [[path, kind], ...inner];
}

const blocks = blocksIn(jobBlock, "job");
const keys = blocks.flatMap(([path, kind]) =>
  Object.entries(kind.keys).map(([name, key]): readonly [string, string, JobKey] => [path, name, key]),
);

test("a field of the JSON form means one key of its block", () => {
  for (const [path, { keys: own, ignoredJson = [] }] of blocks) {
    const fields = [...Object.values(own).flatMap(({ json }) => json), ...ignoredJson];
    assert.deepEqual(fields, [...new Set(fields)], path);
  }
});

test("a key that takes effect is read, and what is told of others is a sentence", () => {
  assert.ok(keys.length > 150);
  for (const [path, name, key] of keys) {
    const { support } = key;
    if (support.effect === "refused") assert.ok(support.reason.length > 10, `${path} > ${name}`);
    else if (support.effect === "none") assert.match(support.note, new RegExp(`\\b${name}: \\w+`), path);
    else if (!path.endsWith("identity")) assert.ok(takesForm(key, "argument") || takesForm(key, "block"), `${path} > ${name}`);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { jobKeys, type JobKeys } from "@driver/nomad-host";
import { toKeySections } from "./job-tables.ts";

const text = { form: "argument", words: "a string", json: "string", read: () => "" } as const;
const inner: JobKeys = { name: { kind: text, json: [], support: { effect: "full" } } };
const again: JobKeys[string] = { kind: { form: "block", keys: inner }, json: [], support: { effect: "full" } };
const some: JobKeys = {
  task: { kind: { form: "block", keys: { again } }, json: [], support: { effect: "full" } },
  near: { kind: { form: "block", keys: inner }, json: [], support: { effect: "none", note: "near: has no effect" } },
  far: { kind: { form: "unread" }, json: [], support: { effect: "refused", reason: "not a|here" } },
};

test("each block has its section, a block in two places the outermost one's", () => {
  const head = "| Key | Form | What `run` does |\n| --- | --- | --- |\n";
  assert.equal(
    toKeySections(some),
    [
      `## job\n\n${head}| \`task\` | block | takes effect; see [job > task](#job--task) |
| \`near\` | block | checks it, and says: near: has no effect; see [job > near](#job--near) |
| \`far\` | any | refuses it: not a\\|here |`,
      `## job > task\n\n${head}| \`again\` | block | takes effect; see [job > near](#job--near) |`,
      `## job > near\n\n${head}| \`name\` | a string | takes effect |`,
    ].join("\n\n"),
  );
});

test("no block of a job file is left out, at any depth", () => {
  const sections = toKeySections(jobKeys);
  const visit = (keys: JobKeys): readonly string[] =>
    Object.entries(keys).flatMap(([name, { kind }]) => [name, ...(kind.form === "block" && kind.keys !== keys ? visit(kind.keys) : [])]);
  for (const name of new Set(visit(jobKeys))) assert.match(sections, new RegExp(`^\\| \`${name}\` \\|`, "m"));
  for (const deep of ["job > group > service > check > check_restart", "job > group > scaling"])
    assert.match(sections, new RegExp(`^## .*${deep.split(" > ").at(-1)}$`, "m"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "@driver/nomad-plugin";
import { Rollback } from "./rollback.ts";

const warnings: string[] = [];
const logger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn: (text, fields) => void warnings.push(`${text} ${JSON.stringify(fields)}`),
  error() {},
  named: () => logger,
  with: () => logger,
};

/** Runs steps that note their undoing, then ends as told. */
async function run(end: "fail" | "keep", undone: string[], failing?: string): Promise<void> {
  await using undo = new Rollback(logger);
  for (const what of ["first", "second", "third"]) {
    undo.onFailure(what, async (signal) => {
      signal.throwIfAborted();
      if (what === failing) throw new Error("cannot be undone");
      undone.push(what);
    });
  }
  if (end === "keep") return undo.keep();
  throw new Error("what went wrong");
}

test("undoes the last step first, and tells what went wrong", async () => {
  const undone: string[] = [];
  await assert.rejects(run("fail", undone), /what went wrong/);
  assert.deepEqual(undone, ["third", "second", "first"]);
});

test("undoes nothing of what succeeded", async () => {
  const undone: string[] = [];
  await run("keep", undone);
  assert.deepEqual(undone, []);
});

test("undoes the rest when one step cannot be undone, and says so in the log alone", async () => {
  const undone: string[] = [];
  await assert.rejects(run("fail", undone, "second"), /what went wrong/);
  assert.deepEqual(undone, ["third", "first"]);
  assert.deepEqual(warnings, ['roll-back failed: second {"error":"Error: cannot be undone"}']);
});

test("undoes once only", async () => {
  let times = 0;
  const undo = new Rollback(logger);
  undo.onFailure("step", async () => void (times += 1));
  await undo[Symbol.asyncDispose]();
  await undo[Symbol.asyncDispose]();
  assert.equal(times, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { KnownReds } from "./known-reds.ts";
import { addTests, judge, toMatrixTable, type CellResult } from "./matrix-table.ts";
import type { TestResult } from "./results-reporter.ts";

const passed = (file: string, name: string): TestResult => ({ file, name, outcome: "passed" });
const failed = (file: string, name: string): TestResult => ({ file, name, outcome: "failed" });
const head = { podman: "5.4.2", runtime: "crun 1.21", host: "some host", date: "2026-11-29" };

test("tells a failure whose reason is known from one of ours", () => {
  const reds: readonly KnownReds[] = [{ cells: ["old"], tests: { exec: ["kills"] }, reason: "runc has no such thing" }];
  const tests = [failed("exec", "kills what is late"), failed("exec", "runs"), failed("life", "kills"), passed("life", "starts")];
  assert.deepEqual(judge({ cell: "old", tests }, reds), {
    explained: [{ test: tests[0], reason: "runc has no such thing" }],
    open: [tests[1], tests[2]],
  });
  assert.equal(judge({ cell: "new", tests }, reds).open.length, 3);
});

test("takes files that were run again in the place of what was seen of them, in the order of before", () => {
  const before: CellResult = { ...head, cell: "new", tests: [passed("life", "a"), failed("exec", "b"), passed("logs", "c")] };
  const after: CellResult = { ...head, cell: "new", date: "2026-11-30", tests: [passed("exec", "b"), passed("pull", "d")] };
  assert.deepEqual(addTests(before, after, ["exec", "pull"]), {
    ...after,
    tests: [passed("life", "a"), passed("exec", "b"), passed("logs", "c"), passed("pull", "d")],
  });
  assert.deepEqual(addTests(undefined, after, ["exec"]).tests, after.tests);
});

test("counts what passed by file, names what did not, and says what was not run", () => {
  const results: readonly CellResult[] = [
    { ...head, cell: "new", tests: [passed("life", "a"), passed("life", "b"), passed("exec", "c"), failed("exec", "d")] },
    { ...head, cell: "gone", podman: "", runtime: "", skipped: "E: 404 | nothing", tests: [] },
  ];
  assert.deepEqual(toMatrixTable(results).split("\n").slice(2), [
    "| 5.4.2 | crun 1.21 | some host | life 2, exec 1 | exec: d | 2026-11-29 |",
    "| gone |  | some host | not run | E: 404 / nothing | 2026-11-29 |",
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { hostRoots, identifyProcess } from "./proc-files.ts";
import { isMarkedAlive, toProcessMark } from "./process-mark.ts";

test("a mark holds for the very process in this boot", () => {
  const self = identifyProcess(hostRoots, process.pid) ?? assert.fail("no such process");
  const mark = toProcessMark(self, "boot-a");
  assert.equal(isMarkedAlive(hostRoots, mark, "boot-a"), true);
  assert.equal(isMarkedAlive(hostRoots, mark, "boot-b"), false);
  assert.equal(isMarkedAlive(hostRoots, toProcessMark({ ...self, startTicks: `${self.startTicks}1` }, "boot-a"), "boot-a"), false);
  for (const text of ["", "boot-a", "boot-a/x/1"]) assert.equal(isMarkedAlive(hostRoots, text, "boot-a"), false);
});

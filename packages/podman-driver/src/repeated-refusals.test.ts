import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedLog } from "@driver/testing";
import { RepeatedRefusals } from "./repeated-refusals.ts";

test("is loud about each thing at first and at each other reason, and quiet in between", () => {
  const log = new RecordedLog();
  const refusals = new RepeatedRefusals<string>(log.logger, "stays");
  for (const reason of ["busy", "busy", "locked", "locked"]) refusals.tell("here", "a", reason, { name: "A" });
  refusals.tell("here", "b", "busy", { name: "B" });
  refusals.tell("there", "a", "locked", { name: "A" });
  assert.deepEqual(log.at("warn"), ["stays: busy", "stays: locked", "stays: busy", "stays: locked"]);
  assert.equal(log.at("debug").length, 2);
  assert.deepEqual(log.lines[0]?.fields, { name: "A", error: "busy" });
});

test("is loud again about what had gone or was not to go meanwhile, at that place alone", () => {
  const log = new RecordedLog();
  const refusals = new RepeatedRefusals<string>(log.logger, "stays");
  const tellAll = (): void => {
    for (const [place, id] of [["here", "a"], ["here", "b"], ["there", "a"]] as const) refusals.tell(place, id, "busy", {});
  };
  tellAll();
  refusals.keepOnly("here", ["b"]);
  refusals.keepOnly("nowhere", []);
  tellAll();
  assert.deepEqual([log.at("warn").length, log.at("debug").length], [4, 2]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { RecordedLog } from "@driver/testing";
import { RepeatedFailure } from "./repeated-failure.ts";

const id = (digit: string): string => digit.repeat(64);

test("is loud at first and at each change, and quiet in between", () => {
  const log = new RecordedLog();
  const failure = new RepeatedFailure(log.logger, "cannot be read");
  for (const cause of ["ENOENT", "ENOENT", "ENOENT", "EIO", "EIO"]) failure.failed(new Error(cause));
  assert.deepEqual(log.at("warn"), ["cannot be read: Error: ENOENT", "cannot be read: Error: EIO"]);
  assert.equal(log.at("debug").length, 3);
});

test("says once that it works again, and is loud about what comes after", () => {
  const log = new RecordedLog();
  const failure = new RepeatedFailure(log.logger, "cannot be read");
  failure.succeeded();
  for (const _ of [1, 2]) failure.failed(new Error("ENOENT"));
  failure.succeeded();
  failure.succeeded();
  failure.failed(new Error("ENOENT"));
  assert.deepEqual(log.lines.map(({ level }) => level), ["warn", "debug", "info", "warn"]);
  assert.deepEqual(log.lines[2]?.fields, { failures: 2 });
});

test("tells once what fails for all its subjects, whatever their ids", () => {
  const log = new RecordedLog();
  const failure = new RepeatedFailure(log.logger, "no answer");
  for (const subject of [id("a"), id("b"), id("c")]) {
    failure.failed(new Error(`inspect container ${subject.slice(0, 12)}: refused`), subject);
  }
  failure.failed(new Error(`inspect container ${id("b")}: broken`), id("b"));
  assert.equal(log.at("warn").length, 2);
  assert.deepEqual(log.lines[0]?.fields["subject"], id("a"));
  for (const subject of [id("a"), id("b"), id("c")]) failure.succeeded(subject);
  assert.equal(log.at("info").length, 1);
});

test("is not made loud by the success of others, nor kept by those who have gone", () => {
  const log = new RecordedLog();
  const failure = new RepeatedFailure(log.logger, "no answer");
  for (let times = 0; times < 3; times += 1) {
    failure.failed(new Error("broken"), "one");
    failure.failed(new Error("refused"), "other");
    failure.succeeded("other");
  }
  assert.deepEqual(log.at("warn").filter((text) => text.includes("broken")).length, 1);
  failure.forget("one");
  failure.failed(new Error("broken"), "other");
  assert.deepEqual(log.at("warn").filter((text) => text.includes("broken")).length, 2);
  assert.equal(log.at("info").length, 0);
});

test("gives the stack of a mistake of this program's own", () => {
  const log = new RecordedLog();
  const failure = new RepeatedFailure(log.logger, "cannot be read");
  failure.failed(new TypeError("x is not a function"));
  failure.failed("thrown text");
  assert.match(String(log.lines[0]?.fields["stack"]), /repeated-failure\.test/);
  assert.deepEqual(log.lines[1]?.fields, { error: "thrown text" });
});

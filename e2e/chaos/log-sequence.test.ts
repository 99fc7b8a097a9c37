import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSequence, type WrittenLog } from "./log-sequence.ts";

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `stdout ${from + index} some text to fill a line\n`).join("");
const whole: WrittenLog = { expected: Buffer.from(lines(1, 400)), certainBytes: 0, mayEndEarly: false };
const check = (text: string, kills = 0, written = whole): string | undefined =>
  checkSequence(Buffer.from(text), written, { kills, repeatBytes: 2000 }).problem;

test("an exact log passes", () => {
  assert.equal(check(lines(1, 400)), undefined);
});

test("a lost, a changed and an additional byte are found", () => {
  assert.match(check(lines(1, 200) + lines(202, 400)) ?? "", /instead of/);
  assert.match(check(lines(1, 400).replace("stdout 77", "stdout 78")) ?? "", /instead of/);
  assert.match(check(`${lines(1, 400)}!`) ?? "", /instead of/);
  assert.match(check(lines(1, 399)) ?? "", /it ends after/);
});

test("a tail may be repeated once for each kill, from any byte on, and not without one", () => {
  const once = lines(1, 200) + lines(180, 400);
  assert.match(check(once) ?? "", /without a kill/);
  assert.equal(check(once, 1), undefined);
  assert.equal(check(lines(1, 200).slice(0, -9) + lines(180, 400), 1), undefined);
  assert.equal(check(lines(1, 400) + lines(399, 400), 1), undefined);
  assert.match(check(`${once.slice(0, -20)}${lines(390, 400)}`, 1) ?? "", /without a kill/);
});

test("a short last line may be repeated by one kill after another", () => {
  const unfinished: WrittenLog = { ...whole, expected: Buffer.from(`${lines(1, 20)}no newline`) };
  const twice = `${lines(1, 20)}no newlineno newlineno newline`;
  assert.equal(check(twice, 2, unfinished), undefined);
  assert.match(check(twice, 1, unfinished) ?? "", /without a kill/);
  assert.match(check(`${lines(1, 20)}no newlineno newlin!`, 2, unfinished) ?? "", /instead of/);
});

test("a repeat may be cut off by the next one before it has come to where the log was", () => {
  const cutOff = lines(1, 35) + lines(33, 34) + lines(32, 36) + lines(35, 400);
  assert.equal(check(cutOff, 3), undefined);
  assert.match(check(cutOff, 2) ?? "", /without a kill/);
  assert.match(check(`${lines(1, 35)}stdout 34 some other text\n${lines(35, 400)}`, 2) ?? "", /instead of/);
});

test("a repeated tail is bounded", () => {
  assert.match(check(lines(1, 200) + lines(100, 400), 1) ?? "", /instead of/);
});

test("a log that may end early still has what was certainly printed", () => {
  const early: WrittenLog = { ...whole, certainBytes: lines(1, 50).length, mayEndEarly: true };
  assert.equal(check(lines(1, 60), 0, early), undefined);
  assert.match(check(lines(1, 49), 0, early) ?? "", /it ends after/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSignal } from "./signal-name.ts";

const known: Readonly<Record<string, number>> = {
  SIGTERM: 15, TERM: 15, sigterm: 15, Term: 15, " SIGINT ": 2, HUP: 1, KILL: 9, SIGUSR1: 10, usr2: 12, SIGWINCH: 28,
  "1": 1, "15": 15, "64": 64,
  SIGRTMIN: 34, "SIGRTMIN+3": 37, "rtmin+15": 49, "RTMAX-14": 50, SIGRTMAX: 64, "RTMAX-0": 64,
};
for (const [text, number] of Object.entries(known)) test(`knows ${JSON.stringify(text)}`, () => assert.equal(parseSignal(text), number));

for (const text of [
  "",
  "0",
  "65",
  "-9",
  "9.0",
  "1e1",
  "SIG",
  "SIGSIGTERM",
  "SIGNONSENSE",
  "TERM KILL",
  "SIGRTMIN+31",
  "SIGRTMIN-1",
  "SIGRTMAX+1",
  "RTMIN+",
  "RT",
  "__proto__",
  "constructor",
]) {
  test(`refuses ${JSON.stringify(text)} and names it`, () => {
    assert.throws(() => parseSignal(text), {
      code: "config-invalid",
      message: `unknown signal "${text}": give a name such as SIGTERM or TERM, or a number from 1 to 64`,
    });
  });
}

test("gives a number from 1 to 64 or refuses", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer().map(String)), (text) => {
      try {
        const number = parseSignal(text);
        assert.ok(Number.isInteger(number) && number >= 1 && number <= 64);
      } catch (error) {
        assert.match(String(error), /unknown signal/);
      }
    }),
  );
});

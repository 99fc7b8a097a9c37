import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { shrinkIcu } from "./shrink-icu.ts";
import { TrialExecutable } from "./trial-executable.ts";

/** What the program asks of ICU, and what V8 and Node may ask of it for the program: written as JSON. */
const questions = `
  const zones = Intl.supportedValuesOf("timeZone");
  const moments = [Date.UTC(1999, 0, 1), Date.UTC(2026, 6, 1, 12, 30)];
  const toLocal = (timeZone) => {
    const parts = Object.fromEntries(["year", "month", "day", "hour", "minute", "second"].map((part) => [part, "numeric"]));
    const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", era: "short", ...parts, timeZoneName: "short" });
    return moments.map((moment) => format.formatToParts(moment).map(({ value }) => value).join(""));
  };
  const text = "Stra\\u00dfe e\\u0301 \\ud83d\\udc69\\u200d\\ud83d\\udc67 \\u0130 don't" +
    " \\u0e2a\\u0e27\\u0e31\\u0e2a\\u0e14\\u0e35\\u0e0a\\u0e32\\u0e27\\u0e42\\u0e25\\u0e01 \\u6771\\u4eac\\u90fd\\u5e81";
  const cut = (granularity) => [...new Intl.Segmenter("en", { granularity }).segment(text)].map(({ segment }) => segment);
  process.stdout.write(JSON.stringify({
    zones: Object.fromEntries(zones.map((zone) => [zone, toLocal(zone)])),
    cuts: ["grapheme", "word", "sentence"].map(cut),
    forms: ["NFC", "NFD", "NFKC", "NFKD"].map((form) => text.normalize(form)),
    order: ["b", "\\u00e4", "a", "Z", "\\u00df", "10", "9"].sort((one, other) => one.localeCompare(other)),
    cases: [text.toLocaleUpperCase("en"), text.toLocaleLowerCase("en")],
    letters: text.match(/\\p{L}+/gu),
    numbers: [(1234.5).toLocaleString("en"), new Intl.PluralRules("en").select(2)],
    decoded: ["utf-8", "utf-16le", "latin1"].map((encoding) => new TextDecoder(encoding).decode(Buffer.from("gr\\u00fc\\u00df"))),
    local: [new Date(moments[0]), new Date(moments[1])].map((date) => [date.getHours(), date.getTimezoneOffset()]),
    host: new URL("http://b\\u00fccher.example/").hostname,
  }));
`;

test("an executable without the other languages of ICU answers as Node does, and is 25 MB smaller", () => {
  using trial = new TrialExecutable(questions, { PATH: "", TZ: "Europe/Berlin", LANG: "de_DE.UTF-8" });
  const shrunk = shrinkIcu(trial.whole);
  assert.deepEqual(trial.askFile(shrunk), trial.askNode());
  assert.ok(trial.whole.length - shrunk.length > 25_000_000, `${trial.whole.length} - ${shrunk.length}`);
});

test("a file that is no program, or none of Node, is told", () => {
  assert.throws(() => shrinkIcu(Buffer.alloc(100)), /not a 64-bit little-endian ELF program/);
  assert.throws(() => shrinkIcu(readFileSync("/bin/true")), /exports no (names|ICU data)/);
});

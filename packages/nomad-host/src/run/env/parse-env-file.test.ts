import assert from "node:assert/strict";
import { test } from "node:test";

import { parseEnvFile } from "./parse-env-file.ts";

/** What hashicorp/go-envparse 0.1.0 makes of each text; undefined: it refuses it. */
const cases: readonly (readonly [text: string, env: Readonly<Record<string, string>> | undefined])[] = [
  ["A=1", { A: "1" }],
  ["PORT=8080 # the port", { PORT: "8080" }],
  ['URL="http://x/#frag" # where', { URL: "http://x/#frag" }],
  ["NAME='it''s'", { NAME: "its" }],
  ["PW=a#b", { PW: "a" }],
  ["A-B=x", undefined],
  ["1A=x", undefined],
  ['A="open', undefined],
  ["A='open", undefined],
  ['A=a"b', undefined],
  ["=x", undefined],
  ["nonsense", undefined],
  ["export B = two words ", { B: "two words" }],
  ["export=1", { export: "1" }],
  ["export =1", { export: "1" }],
  ["  C  =  x  ", { C: "x" }],
  ['E="a\\nb\\t\\"\\u00e9\\ud83d\\ude00"', { E: 'a\nb\t"é😀' }],
  ['F="\\q"', undefined],
  ['G="\\u12"', undefined],
  ['H="\\ud83d"', undefined],
  ["I='\\n'", { I: "\\n" }],
  ["J=a\tb", undefined],
  ["K=a 'b' \"c\"d", { K: "a b cd" }],
  ["L=", { L: "" }],
  ["M= # only", { M: "" }],
  ["# c\n\nN=1\r\nO=2", { N: "1", O: "2" }],
  ["P=1\nP=2", { P: "2" }],
  ["a/b.c_d=1", { "a/b.c_d": "1" }],
  ["_x=1", { _x: "1" }],
  ["é=1", undefined],
  ['Q="a " # c', { Q: "a " }],
  ["R='a '  ", { R: "a " }],
  ['S="\\/\\b\\f\\r"', { S: "/\b\f\r" }],
  ["T==", { T: "=" }],
  ["U=a=b", { U: "a=b" }],
];

for (const [text, env] of cases) {
  test(`reads the variables ${JSON.stringify(text)} as Nomad does`, () => {
    const parsed = parseEnvFile(text);
    assert.deepEqual("env" in parsed ? parsed.env : undefined, env);
  });
}

test("names the line and what is wrong with it", () => {
  assert.deepEqual(parseEnvFile("A=1\n\nA-B=x\n"), {
    problem: { line: 3, message: 'a name has letters, digits and / _ . only, not "-"' },
  });
});

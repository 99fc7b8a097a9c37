import assert from "node:assert/strict";
import { test } from "node:test";
import { unquoteGo } from "../src/template/unquote-go.ts";

/** As text/template of Go 1.25 takes them. */
const rows: readonly (readonly [literal: string, text: string | undefined])[] = [
  [String.raw`"a\tb\x41\u00e9\U0001F600\101"`, "a\tbA\u00e9\u{1F600}A"],
  [String.raw`"\""`, '"'],
  [String.raw`'\''`, "'"],
  [String.raw`"\'"`, undefined],
  [String.raw`'\"'`, undefined],
  [String.raw`"\q"`, undefined],
  // The byte, as go-bytes.ts has it.
  [String.raw`"\377"`, "\udcff"],
  [String.raw`"\400"`, undefined],
  [String.raw`"\U0010FFFF"`, "\u{10FFFF}"],
  [String.raw`"\U00110000"`, undefined],
  [String.raw`"\ud800"`, undefined],
  ["`\\q\r`", "\\q"],
];
for (const [literal, text] of rows) {
  test(`takes ${literal} for ${text === undefined ? "no text" : JSON.stringify(text)}`, () => assert.equal(unquoteGo(literal), text));
}

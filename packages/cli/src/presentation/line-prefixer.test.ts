import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LinePrefixer } from "./line-prefixer.ts";

/** What comes out for `pieces`, with `> ` before each line. */
function prefixed(...pieces: readonly Uint8Array[]): Buffer {
  const lines = new LinePrefixer(Buffer.from("> "));
  return Buffer.concat([...pieces.map((piece) => lines.push(piece)), lines.end()]);
}

const cases: readonly (readonly [readonly string[], string])[] = [
  [[], ""],
  [[""], ""],
  [["a\n"], "> a\n"],
  [["a\nb\n"], "> a\n> b\n"],
  [["a", "b\nc"], "> ab\n> c\n"],
  [["\n\n"], "> \n> \n"],
  [["no newline"], "> no newline\n"],
];

for (const [pieces, expected] of cases) {
  test(`${JSON.stringify(pieces)} becomes ${JSON.stringify(expected)}`, () => {
    assert.equal(prefixed(...pieces.map((piece) => Buffer.from(piece))).toString(), expected);
  });
}

test("shows a line as soon as it is whole, and not before", () => {
  const lines = new LinePrefixer(Buffer.from("> "));
  assert.equal(lines.push(Buffer.from("on")).length, 0);
  assert.equal(Buffer.from(lines.push(Buffer.from("e\ntw"))).toString(), "> one\n");
});

test("a stream cut anywhere gives the same lines, byte for byte", () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((values) => values.map((value) => (value % 5 === 0 ? 10 : value)));
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(40)), (text, cuts) => {
      const places = [0, ...cuts.toSorted((one, other) => one - other), text.length];
      const pieces = places.slice(1).map((end, index) => text.subarray(places[index], end));
      assert.deepEqual(prefixed(...pieces), prefixed(text));
    }),
  );
});

test("a line without end is shown in pieces before it fills the memory", () => {
  const lines = new LinePrefixer(Buffer.from("> "));
  const chunk = Buffer.alloc(700_000, "x");
  assert.equal(lines.push(chunk).length, 0);
  assert.equal(lines.push(chunk).length, 2 + 1_400_000 + 1);
});

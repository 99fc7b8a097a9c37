import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { splitLines } from "./json-lines.ts";

async function* inPieces(text: string, pieceBytes: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

describe("splitLines", () => {
  test("gives the same lines however the stream is cut, characters of several bytes included", async () => {
    const lines = fc.array(fc.string({ unit: "grapheme", minLength: 1 }).map((text) => JSON.stringify({ text })));
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 1, max: 30 }), async (items, pieceBytes) => {
        assert.deepEqual(await Array.fromAsync(splitLines(inPieces(items.join("\n"), pieceBytes))), items);
      }),
    );
  });

  test("leaves blank lines out and takes a last line without a newline", async () => {
    assert.deepEqual(await Array.fromAsync(splitLines(inPieces("\n{}\r\n\n[]", 3))), ["{}", "[]"]);
  });

  test("refuses a line without end", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(1024 * 1024, "a");
    }
    await assert.rejects(splitLines(endless()).next(), /longer than 8388608 bytes/);
  });
});

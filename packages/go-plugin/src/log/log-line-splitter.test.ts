import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogLineSplitter } from "./log-line-splitter.ts";
import type { LogEntry } from "./parse-log-line.ts";

function split(chunks: readonly Uint8Array[]): LogEntry[] {
  const splitter = createLogLineSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

test("how the text is cut into chunks does not matter", () => {
  const line = fc.oneof(
    fc.constantFrom('{"@level":"info","@message":"é"}', "[WARN] ü", "panic: x", "y".repeat(70_000)),
    fc.string({ unit: "grapheme" }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), fc.array(fc.nat(500_000), { maxLength: 5 }), (lines, places) => {
      const bytes = Buffer.from(lines.join("\n"));
      assert.deepEqual(split(cut(bytes, places)), split([bytes]));
    }),
  );
});

test("a line of more than 64 KiB comes in plain pieces, and the next line is whole again", () => {
  const long = `{"@level":"error","@message":"${"x".repeat(140_000)}"}`;
  const entries = split([Buffer.from(`${long}\n{"@level":"info","@message":"after"}\n`)]);
  assert.deepEqual(
    entries.map(({ level }) => level),
    ["debug", "debug", "debug", "info"],
  );
  assert.equal(
    entries
      .slice(0, 3)
      .map(({ message }) => message)
      .join(""),
    long,
  );
  assert.equal(entries[0]?.message.length, 65_536);
});

test("from a crash on, plain text counts as error, while JSON keeps its level", () => {
  const entries = split([Buffer.from('before\npanic: boom\n  at line 1\n[INFO] tagged\n{"@level":"info","@message":"json"}\n')]);
  assert.deepEqual(
    entries.map(({ level }) => level),
    ["debug", "error", "error", "info", "info"],
  );
});

test("empty lines and carriage returns are left out, and a last line needs no newline", () => {
  assert.deepEqual(
    split([Buffer.from("a\r\n\n\nb")]).map(({ message }) => message),
    ["a", "b"],
  );
});

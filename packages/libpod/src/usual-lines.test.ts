import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ByteRun } from "./byte-run.ts";
import { K8sFileLines } from "./k8s-file-lines.ts";
import type { TaskOutput } from "./task-output.ts";
import { UsualLines } from "./usual-lines.ts";

const stamp = "2026-11-23T00:17:17.367408017+00:00";
const usual = new UsualLines();
const newOutput = (): TaskOutput => ({ stdout: new ByteRun(), stderr: new ByteRun() });

function decode(text: string | Buffer, start = 0): { end: number; stdout: string; stderr: string } {
  const output = newOutput();
  usual.load(Buffer.from(text));
  const end = usual.decode(start, output);
  return { end, stdout: output.stdout.bytes.toString("latin1"), stderr: output.stderr.bytes.toString("latin1") };
}

/** A usual line with another byte at `at`. */
function withByte(at: number, byte: string): string {
  const line = `${stamp} stdout F text\n`;
  return line.slice(0, at) + byte + line.slice(at + 1);
}

test("decodes all lines of the usual form, of both streams", () => {
  const text =
    `${stamp} stdout F one\n${stamp} stderr P ${"e".repeat(40)}\n${stamp} stdout F \n` +
    `${stamp} stderr F ${"2".repeat(15)}\n${stamp} stdout P \n2026-11-23T00:17:17.367408017-11:30 stdout P rest\n`;
  assert.deepEqual(decode(text), { end: text.length, stdout: "one\n\nrest", stderr: `${"e".repeat(40)}${"2".repeat(15)}\n` });
  const [first = ""] = text.split("\n");
  assert.equal(decode(text, first.length + 1).stdout, "\nrest");
});

test("stops where a line is not of the usual form, with what came before it", () => {
  const before = `${stamp} stdout F before\n`;
  const others = [
    ...["hello\n", "\n", `${stamp} stdout\n`, `${stamp} stdout F\n`, `${stamp} stdout X text\n`, `${stamp} stdin  F text\n`],
    ...[`${stamp} stdout F`, `${stamp} stdout F `, `${stamp} stdout F half`, `${stamp} stdout F ${"h".repeat(100)}`],
    "2026-11-23T00:17:17Z stdout F short\n",
    ...[4, 7, 10, 13, 19, 29, 32, 35, 36, 39, 42, 43, 44].map((at) => withByte(at, "x")),
    // A newline within what would be the head.
    ...[0, 5, 15, 16, 18, 28, 30, 34].map((at) => withByte(at, "\n")),
  ];
  for (const other of others) {
    const after = other.endsWith("\n") ? `${stamp} stdout F after\n` : "";
    assert.deepEqual(decode(before + other + after), { end: before.length, stdout: "before\n", stderr: "" }, JSON.stringify(other));
  }
});

test("knows nothing of what was loaded before", () => {
  decode(`${stamp} stdout F ${"x".repeat(1000)}\n`);
  const half = `${stamp} stdout F half`;
  assert.deepEqual(decode(half), { end: 0, stdout: "", stderr: "" });
  const output = newOutput();
  const fresh = new UsualLines();
  fresh.load(Buffer.from(`${stamp} stdout F `.padEnd(65_536, "x")));
  assert.deepEqual([fresh.decode(0, output), output.stdout.length], [0, 0]);
});

test("takes no more than it has room for", () => {
  const line = `${stamp} stdout F ${"y".repeat(54)}\n`;
  const chunk = Buffer.from(line.repeat(1000));
  assert.equal(decode(chunk).end, 655 * line.length);
  assert.equal(decode(chunk, 99_900).end, 99_900);
  const short = Buffer.from(`${stamp} stderr F \n`.repeat(2000));
  assert.deepEqual([decode(short).stderr.length, decode(short).stdout.length], [Math.floor(65_536 / 46), 0]);
});

const usualHeads = ["stdout", "stderr"].flatMap((stream) => ["F", "P"].map((tag) => `${stamp} ${stream} ${tag} `));
const otherHeads = ["", "hello ", `${stamp} stdout`, `${stamp} stdout F`, "2026-11-23T00:17:17Z stderr F ", `${stamp} stdout X `, "2026-"];
const anyHead = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...usualHeads) },
  { weight: 1, arbitrary: fc.constantFrom(...otherHeads) },
);
const anyLine = fc.tuple(anyHead, fc.uint8Array({ maxLength: 70 }), fc.constantFrom("\n", "\n", "\n", ""));
const anyFile = fc
  .array(anyLine, { minLength: 1, maxLength: 60 })
  .map((lines) => Buffer.concat(lines.flatMap(([head, payload, end]) => [Buffer.from(head), payload, Buffer.from(end)])));

function decodeInPieces(file: Buffer, pieceBytes: number): unknown {
  const lines = new K8sFileLines();
  const output = newOutput();
  for (let at = 0; at < file.length; at += pieceBytes) lines.push(file.subarray(at, at + pieceBytes), output);
  const consumedBytes = lines.consumedBytes;
  lines.finish(output);
  return { stdout: output.stdout.bytes, stderr: output.stderr.bytes, consumedBytes };
}

test("gives in large pieces what line by line gives, whatever the file is", () => {
  fc.assert(
    fc.property(anyFile, fc.integer({ min: 4096, max: 70_000 }), (part, pieceBytes) => {
      const file = Buffer.concat(Array.from({ length: Math.ceil(9000 / Math.max(1, part.length)) }, () => part));
      assert.deepEqual(decodeInPieces(file, pieceBytes), decodeInPieces(file, 4000));
    }),
    { numRuns: 300 },
  );
});

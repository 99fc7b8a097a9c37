import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { RunEvent } from "@driver/nomad-host";

import { JsonPrinter } from "./json-printer.ts";

const time = "2025-01-02T03:04:05.678Z";

/** A printer, and the lines that it wrote, as text. */
function recordLines(): { readonly printer: JsonPrinter; readonly lines: string[] } {
  const lines: string[] = [];
  const output = {
    style: (_look: unknown, text: string) => text,
    isClosed: false,
    write: () => Promise.reject(new Error("whole lines only")),
    writeLine: async (text: string) => void lines.push(text),
  };
  return { printer: new JsonPrinter(output, () => new Date(time)), lines };
}

const web = { group: "front", allocIndex: 1, task: "web" };
const ended: RunEvent = { kind: "task-exited", ...web, result: { exitCode: 3, signal: 0, oomKilled: false }, isStoppedByHost: false };
const log = (data: Uint8Array | string): RunEvent => ({ kind: "task-log", ...web, stream: "stdout", data: Buffer.from(data) });

const events: readonly (readonly [RunEvent, object])[] = [
  [{ kind: "task-running", ...web }, { kind: "task-running", time, ...web }],
  [ended, { kind: "task-exited", time, ...web, result: { exitCode: 3, signal: 0, oomKilled: false }, isStoppedByHost: false }],
  [
    { kind: "task-event", ...web, message: "pulling", at: new Date(0) },
    { kind: "task-event", time, ...web, message: "pulling", at: "1970-01-01T00:00:00.000Z" },
  ],
  [
    { kind: "plugin-log", entry: { level: "warn", message: "hm", fields: { a: 1 } } },
    { kind: "plugin-log", time, entry: { level: "warn", message: "hm", fields: { a: 1 } } },
  ],
  [log("two\nlines ä"), { kind: "log", time, ...web, stream: "stdout", text: "two\nlines ä" }],
  [log("\u{feff}bom"), { kind: "log", time, ...web, stream: "stdout", text: "\u{feff}bom" }],
  [log(Buffer.from([0x61, 0xff, 0x62])), { kind: "log", time, ...web, stream: "stdout", base64: "Yf9i" }],
];

for (const [event, expected] of events) {
  test(`writes ${JSON.stringify(expected)}`, async () => {
    const { printer, lines } = recordLines();
    await printer.print(event);
    assert.deepEqual(lines, [JSON.stringify(expected)]);
  });
}

test("an error names its place, where it has one", async () => {
  const { printer, lines } = recordLines();
  await printer.printError({ message: "bad", path: "job.hcl", position: { line: 2, column: 3 } });
  await printer.printError({ message: "bad", path: undefined, position: undefined });
  await printer.printDone(1);
  assert.deepEqual(lines.map((line): unknown => JSON.parse(line)), [
    { kind: "error", time, message: "bad", file: "job.hcl", line: 2, column: 3 },
    { kind: "error", time, message: "bad" },
    { kind: "done", time, exitCode: 1 },
  ]);
});

/** The bytes that `log` lines stand for. */
function bytesOf(lines: readonly string[]): Buffer {
  const logs = lines.map((line): { readonly text?: string; readonly base64?: string } => JSON.parse(line));
  return Buffer.concat(logs.map(({ text, base64 }) => (text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text))));
}

async function writePieces(bytes: Uint8Array, cuts: readonly number[]): Promise<readonly string[]> {
  const { printer, lines } = recordLines();
  const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
  for (const [index, end] of places.slice(1).entries()) await printer.print(log(bytes.subarray(places[index], end)));
  await printer.print(ended);
  return lines.slice(0, -1);
}

test("text is text wherever the stream is cut", async () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(60)), async (written, cuts) => {
      const bytes = Buffer.from(written);
      const lines = await writePieces(bytes, cuts);
      assert.deepEqual(bytesOf(lines), bytes);
      assert(lines.every((line) => !line.includes('"base64"')), lines.join("\n"));
    }),
  );
});

test("no byte is lost, whatever they are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), fc.array(fc.nat(40)), async (bytes, cuts) => {
      assert.deepEqual(bytesOf(await writePieces(bytes, cuts)), Buffer.from(bytes));
    }),
  );
});

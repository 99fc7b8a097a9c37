import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LogLineDecoder, type LoggedLine } from "./log-line-decoder.ts";

function frame(kind: number, payload: string): Buffer {
  const text = Buffer.from(payload, "latin1");
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, text]);
}

function decode(wire: Uint8Array, pieceBytes = wire.length): LoggedLine[] {
  const decoder = new LogLineDecoder();
  const lines: LoggedLine[] = [];
  for (let at = 0; at < wire.length; at += pieceBytes) lines.push(...decoder.push(wire.subarray(at, at + pieceBytes)));
  return lines;
}

const plain = (line: LoggedLine): unknown[] => [line.stream, line.atSeconds, Buffer.from(line.bytes).toString("latin1")];
const noon = Date.UTC(2026, 10, 23, 12) / 1000;

describe("LogLineDecoder", () => {
  // As recorded of Podman 4.3.1 with a journald log: a long line comes in parts of 8 KiB, each with its time.
  test("gives lines with their stream and second, however the answer is cut", () => {
    const wire = Buffer.concat([
      frame(1, "2026-11-23T12:00:00Z out\n"),
      frame(2, "2026-11-23T12:00:01Z err\n"),
      frame(1, "2026-11-23T12:00:01Z \n"),
      frame(1, "2026-11-23T12:00:01Z \xff\xfe\x00 part"),
      frame(1, "2026-11-23T12:00:02Z end"),
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: wire.length }), (pieceBytes) => {
        assert.deepEqual(decode(wire, pieceBytes).map(plain), [
          ["stdout", noon, "out\n"],
          ["stderr", noon + 1, "err\n"],
          ["stdout", noon + 1, "\n"],
          ["stdout", noon + 1, "\xff\xfe\x00 part"],
          ["stdout", noon + 2, "end"],
        ]);
      }),
    );
  });

  for (const time of ["2026-11-23T12:00:00.123456789Z", "2026-11-23T13:00:00+01:00", "2026-11-23T06:30:00.5-05:30"]) {
    test(`reads the time ${time}, as other versions and zones write it`, () => {
      assert.deepEqual(decode(frame(1, `${time} x\n`)).map(plain), [["stdout", noon, "x\n"]]);
    });
  }

  test("leaves a line without a time as it is", () => {
    assert.deepEqual(decode(frame(2, "2026-11-23 no time\n")).map(plain), [["stderr", undefined, "2026-11-23 no time\n"]]);
  });

  test("knows whether an answer ended in the middle of a line", () => {
    const decoder = new LogLineDecoder();
    const wire = frame(1, "2026-11-23T12:00:00Z out\n");
    decoder.push(wire.subarray(0, 15));
    assert.equal(decoder.isAtBoundary, false);
    decoder.push(wire.subarray(15));
    assert.equal(decoder.isAtBoundary, true);
  });

  test("refuses a line that has no end", () => {
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    const decoder = new LogLineDecoder();
    decoder.push(header);
    assert.throws(() => decoder.push(Buffer.alloc(17 * 1_048_576)), /^FrameError: a line of the log is longer/);
  });
});

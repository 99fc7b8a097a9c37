import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FrameDemuxer, FrameError } from "./frame-demuxer.ts";

function frame(kind: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe("FrameDemuxer", () => {
  test("gives both streams' bytes however the connection is cut", () => {
    const frames = fc.array(fc.record({ kind: fc.constantFrom(1, 2), payload: fc.uint8Array({ maxLength: 40 }) }), { maxLength: 12 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), (items, pieceBytes) => {
        const wire = Buffer.concat(items.map((item) => frame(item.kind, item.payload)));
        const demuxer = new FrameDemuxer();
        const found: Record<string, Uint8Array[]> = { stdout: [], stderr: [] };
        for (let at = 0; at < wire.length; at += pieceBytes) {
          for (const piece of demuxer.push(wire.subarray(at, at + pieceBytes))) found[piece.stream]?.push(piece.data);
        }
        const sent = (kind: number): Buffer => Buffer.concat(items.filter((item) => item.kind === kind).map((item) => item.payload));
        assert.deepEqual(Buffer.concat(found.stdout ?? []), sent(1));
        assert.deepEqual(Buffer.concat(found.stderr ?? []), sent(2));
        assert.equal(demuxer.isAtBoundary, true);
      }),
    );
  });

  test("passes on a payload before its frame is complete", () => {
    const demuxer = new FrameDemuxer();
    const [piece] = demuxer.push(frame(1, Buffer.alloc(1000, "a")).subarray(0, 20));
    assert.equal(piece?.data.length, 12);
    assert.equal(demuxer.isAtBoundary, false);
  });

  test("refuses bytes that are no frame", () => {
    assert.throws(
      () => new FrameDemuxer().push(Buffer.from("plain text output")),
      (error) => error instanceof FrameError && error.message.includes("706c61696e207465"),
    );
  });

  test("turns a frame with an error of the service into an error with its text", () => {
    const demuxer = new FrameDemuxer();
    const wire = frame(3, Buffer.from("exec died\n"));
    demuxer.push(wire.subarray(0, 12));
    assert.throws(() => demuxer.push(wire.subarray(12)), /^FrameError: exec died$/);
  });
});

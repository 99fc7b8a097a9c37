import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ByteRun } from "./byte-run.ts";
import { K8sFileLines, maxK8sFileLineBytes } from "./k8s-file-lines.ts";
import type { TaskOutput } from "./task-output.ts";

const stamp = "2026-11-23T00:17:17.367408017+00:00";

function line(stream: string, tag: string, payload: Uint8Array | string): Buffer {
  return Buffer.concat([Buffer.from(`${stamp} ${stream} ${tag} `), Buffer.from(payload), Buffer.from("\n")]);
}

const newOutput = (): TaskOutput => ({ stdout: new ByteRun(), stderr: new ByteRun() });

/** Both streams, as texts. */
function textsOf({ stdout, stderr }: TaskOutput): { stdout: string; stderr: string } {
  return { stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString() };
}

function bytesOf({ stdout, stderr }: TaskOutput): { stdout: Buffer; stderr: Buffer } {
  return { stdout: stdout.bytes, stderr: stderr.bytes };
}

function decode(text: string | Buffer): { decoder: K8sFileLines; output: TaskOutput } {
  const decoder = new K8sFileLines();
  const output = newOutput();
  decoder.push(Buffer.from(text), output);
  return { decoder, output };
}

function decodeInPieces(file: Buffer, cuts: readonly number[]): { decoder: K8sFileLines; output: TaskOutput } {
  const decoder = new K8sFileLines();
  const output = newOutput();
  const bounds = [0, ...[...cuts].sort((a, b) => a - b), file.length];
  for (let index = 1; index < bounds.length; index += 1) {
    // A copy that is overwritten: whoever kept a view of it would be found out.
    const chunk = Buffer.from(file.subarray(bounds[index - 1], bounds[index]));
    decoder.push(chunk, output);
    chunk.fill(0);
  }
  decoder.finish(output);
  return { decoder, output };
}

/** What no line of conmon's begins with. */
const otherHeads = [
  ...["hello", "", `${stamp} stdout`, `${stamp} stdout P`, `${stamp} stdout X text`, `${stamp} stdin F text`],
  ...["yesterday stdout F text", `${"9".repeat(80)} stdout F text`, "\0\0\0\0"],
];

describe("K8sFileLines", () => {
  test("separates the streams and restores newlines for full lines only", () => {
    const { output } = decode(
      Buffer.concat([line("stdout", "F", "out1"), line("stdout", "P", "no"), line("stderr", "F", "err1"), line("stdout", "F", "eol")]),
    );
    assert.deepEqual(textsOf(output), { stdout: "out1\nnoeol\n", stderr: "err1\n" });
  });

  test("keeps empty lines, empty pieces and the timestamp forms that conmon and others write", () => {
    const { output } = decode(
      `${stamp} stdout F \n${stamp} stderr P \n2026-11-23T00:17:17Z stdout F short\n` +
        "2026-11-23T00:17:17.1-11:30 stderr F offset\n2026-11-23T00:17:17Z stdout F aaaa stderr F b\n",
    );
    assert.deepEqual(textsOf(output), { stdout: "\nshort\naaaa stderr F b\n", stderr: "offset\n" });
  });

  test("gives the task's exact bytes however the file is cut", () => {
    const payload = fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.filter((byte) => byte !== 10));
    const written = fc.array(fc.record({ stream: fc.constantFrom("stdout", "stderr"), tag: fc.constantFrom("F", "P"), payload }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(written, fc.array(fc.nat(2500), { maxLength: 30 }), (lines, cuts) => {
        const file = Buffer.concat(lines.map((item) => line(item.stream, item.tag, item.payload)));
        const { decoder, output } = decodeInPieces(file, cuts.filter((cut) => cut < file.length));
        const written = (stream: string): Buffer =>
          Buffer.concat(
            lines
              .filter((item) => item.stream === stream)
              .flatMap(({ payload: bytes, tag }) => [bytes, Buffer.from(tag === "F" ? "\n" : "")]),
          );
        assert.deepEqual(bytesOf(output), { stdout: written("stdout"), stderr: written("stderr") });
        assert.equal(decoder.consumedBytes, file.length);
      }),
    );
  });

  test("treats a file that is not conmon's alike for every cut", () => {
    const bytes = fc.array(
      fc.oneof(fc.constant(Buffer.from("\n")), fc.constant(Buffer.from(`${stamp} stdout`)), fc.uint8Array({ maxLength: 8 })),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(400), { maxLength: 20 }), (parts, cuts) => {
        const file = Buffer.concat([Buffer.from("x"), ...parts]);
        const inPieces = decodeInPieces(file, cuts.filter((cut) => cut < file.length));
        const atOnce = decodeInPieces(file, []);
        assert.deepEqual(bytesOf(inPieces.output), bytesOf(atOnce.output));
      }),
    );
  });

  test("hands a line with another head on as raw stdout", () => {
    for (const head of otherHeads) {
      const { output } = decode(`${head}\n${stamp} stderr F next\n`);
      assert.deepEqual(textsOf(output), { stdout: `${head}\n`, stderr: "next\n" }, head);
    }
  });

  test("never takes the next line for the tail of a short one", () => {
    const { output } = decode(`2026-11-23T00:17:17Z\n${stamp} stdout F a\n`);
    assert.equal(textsOf(output).stdout, "2026-11-23T00:17:17Z\na\n");
  });

  test("decodes a line of a megabyte fed in small and large pieces", () => {
    const payload = Buffer.alloc(1_000_000, "y");
    const file = Buffer.concat([line("stderr", "F", payload), line("stdout", "F", "after")]);
    for (const pieceBytes of [997, 65_536, file.length]) {
      const cuts = Array.from({ length: Math.floor(file.length / pieceBytes) }, (_, index) => (index + 1) * pieceBytes).filter(
        (cut) => cut < file.length,
      );
      const { output } = decodeInPieces(file, cuts);
      assert.deepEqual(bytesOf(output), { stdout: Buffer.from("after\n"), stderr: Buffer.concat([payload, Buffer.from("\n")]) });
    }
  });

  test("passes a line over the limit on raw, alike for every cut, and recovers at its newline", () => {
    for (const excess of [0, 1, 70_000]) {
      const long = Buffer.from(`${stamp} stderr F `.padEnd(maxK8sFileLineBytes + excess, "z") + "\n");
      const file = Buffer.concat([long, line("stdout", "F", "after")]);
      const cuts = Array.from({ length: 20 }, (_, index) => (index + 1) * 65_536).filter((cut) => cut < file.length);
      for (const { decoder, output } of [decodeInPieces(file, cuts), decodeInPieces(file, [])]) {
        const raw = excess > 0;
        assert.equal(output.stdout.length, raw ? long.length + 6 : 6);
        assert.equal(decoder.consumedBytes, file.length);
      }
    }
  });

  test("counts as consumed what ends with a newline, so that a new decoder can go on there", () => {
    const file = Buffer.concat([line("stdout", "F", "one"), line("stdout", "F", "two"), line("stdout", "F", "three")]);
    const oneLine = line("stdout", "F", "one").length;
    const first = decode(file.subarray(0, 2 * oneLine + 5));
    assert.equal(first.decoder.consumedBytes, 2 * oneLine);
    const second = decode(file.subarray(first.decoder.consumedBytes));
    assert.deepEqual([textsOf(first.output).stdout, textsOf(second.output).stdout], ["one\ntwo\n", "three\n"]);
  });

  test("gives the last piece of a file that ends within a line, at its end only", () => {
    const cut = line("stdout", "F", "cut");
    const { decoder, output } = decode(cut.subarray(0, -1));
    assert.deepEqual([output.stdout.length, decoder.consumedBytes], [0, 0]);
    decoder.finish(output);
    assert.equal(textsOf(output).stdout, "cut");
    assert.equal(decoder.consumedBytes, cut.length - 1);
    decoder.finish(output);
    assert.equal(textsOf(output).stdout, "cut");
  });
});

test("takes the end that conmon 2.2.0 sets to output without a newline for no output", () => {
  const ended = Buffer.concat([line("stdout", "P", "hola"), Buffer.from(`${stamp} stdout F\n`), Buffer.from(`${stamp} stderr F\n`)]);
  for (const { decoder, output } of [decode(ended), decodeInPieces(ended, [ended.length - 1])]) {
    assert.deepEqual(textsOf(output), { stdout: "hola", stderr: "" });
    assert.equal(decoder.consumedBytes, ended.length);
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { LoggedLine } from "@driver/libpod";
import { advanceMark, RepeatFilter, type JournalMark } from "./journal-cursor.ts";

function line(text: string, atSeconds: number | undefined, stream: LoggedLine["stream"] = "stdout"): LoggedLine {
  return { stream, atSeconds, bytes: Buffer.from(text) };
}

const markAfter = (lines: readonly LoggedLine[]): JournalMark | undefined => lines.reduce<JournalMark | undefined>(advanceMark, undefined);
const texts = (lines: readonly LoggedLine[]): string[] => lines.map(({ bytes }) => Buffer.from(bytes).toString());

/** What is delivered when `lines` are read again in batches, with what is held back at their end. */
function readAgain(from: JournalMark | undefined, lines: readonly LoggedLine[], batch = lines.length || 1): LoggedLine[] {
  const filter = new RepeatFilter(from);
  const delivered: LoggedLine[] = [];
  for (let at = 0; at < lines.length; at += batch) delivered.push(...filter.push(lines.slice(at, at + batch)));
  return [...delivered, ...filter.rest()];
}

describe("a journal that is read again", () => {
  test("gives exactly what was not delivered, wherever it was cut", () => {
    const anyLines = fc
      .array(
        fc.record({
          text: fc.constantFrom("a\n", "b\n", "\n", "part"),
          step: fc.constantFrom(0, 0, 0, 1, 5),
          stream: fc.constantFrom("stdout", "stderr" as const),
        }),
        { maxLength: 30 },
      )
      .map((items) => {
        let atSeconds = 1000;
        return items.map(({ text, step, stream }) => line(text, (atSeconds += step), stream));
      });
    fc.assert(
      fc.property(anyLines, fc.nat(30), fc.integer({ min: 1, max: 7 }), (lines, cut, batch) => {
        const delivered = lines.slice(0, cut);
        const from = markAfter(delivered);
        const again = lines.filter(({ atSeconds = 0 }) => from === undefined || atSeconds >= from.atSeconds);
        assert.deepEqual(readAgain(from, again, batch), lines.slice(cut));
      }),
    );
  });

  test("gives all of it when it holds other lines than those delivered", () => {
    const from = markAfter([line("a\n", 5), line("b\n", 5)]);
    const others = [line("b\n", 5), line("c\n", 5), line("d\n", 6)];
    assert.deepEqual(texts(readAgain(from, others)), ["b\n", "c\n", "d\n"]);
    assert.deepEqual(texts(readAgain(from, others, 1)), ["b\n", "c\n", "d\n"]);
  });

  test("gives all of it when the lines of that second have become fewer", () => {
    const from = markAfter([line("a\n", 5), line("b\n", 5), line("c\n", 5)]);
    assert.deepEqual(texts(readAgain(from, [line("c\n", 5), line("d\n", 6)])), ["c\n", "d\n"]);
    assert.deepEqual(texts(readAgain(from, [line("c\n", 5)])), ["c\n"]);
  });

  test("is counted anew after that, so that the next reading repeats nothing", () => {
    const anyTexts = fc.array(fc.constantFrom("a", "b"), { maxLength: 8 });
    fc.assert(
      fc.property(anyTexts, anyTexts, fc.boolean(), (before, now, hasNext) => {
        const journal = [...now.map((text) => line(text, 5)), ...(hasNext ? [line("next", 6)] : [])];
        const filter = new RepeatFilter(markAfter(before.map((text) => line(text, 5))));
        let mark: JournalMark | undefined = markAfter(before.map((text) => line(text, 5)));
        for (const lines of [filter.push(journal), filter.rest()]) mark = filter.markAfter(lines);
        const again = journal.filter(({ atSeconds = 0 }) => atSeconds >= (mark?.atSeconds ?? 0));
        assert.deepEqual(readAgain(mark, again), []);
      }),
    );
  });

  test("may begin with older lines, up to the first that is not", () => {
    const from = markAfter([line("a\n", 5)]);
    const filter = new RepeatFilter(from, 5);
    assert.deepEqual(texts(filter.push([line("x\n", 3), line("y\n", undefined)])), []);
    assert.deepEqual(texts(filter.push([line("z\n", 4), line("a\n", 5), line("b\n", 5), line("set back\n", 2)])), ["b\n", "set back\n"]);
    assert.deepEqual(texts(new RepeatFilter(undefined, 5).push([line("x\n", 3), line("a\n", 5)])), ["a\n"]);
  });

  test("counts a line without a time to the second of the one before", () => {
    const all = [line("a\n", 5), line("b\n", undefined), line("c\n", undefined)];
    assert.deepEqual(texts(readAgain(markAfter(all.slice(0, 2)), all)), ["c\n"]);
  });

  test("tells the streams apart", () => {
    const from = markAfter([line("a\n", 5, "stderr")]);
    assert.deepEqual(texts(readAgain(from, [line("a\n", 5, "stdout")])), ["a\n"]);
  });
});

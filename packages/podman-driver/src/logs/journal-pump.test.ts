import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError, type LoggedLine, type LogOptions } from "@driver/libpod";
import type { Logger } from "@driver/nomad-plugin";
import { until } from "@driver/testing";
import type { LogFilePositions } from "./open-log-sinks.ts";
import { JournalPump, type JournalTrouble } from "./journal-pump.ts";
import type { JournalProgress } from "./log-position.ts";

const silent: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  named: () => silent,
  with: () => silent,
};
const intervals = { retryMs: 5, retryMostMs: 20, endNewsMs: 20, snapshotMs: 20, endGraceMs: 60, walkGraceMs: 60, settleMs: 10 };
const lost = (): LibpodError => new LibpodError({ code: "connection-lost", message: "cut" });
const notFollowable = (): LibpodError =>
  new LibpodError({
    code: "engine-error",
    message: "refused",
    podmanMessage: "using --follow with the journald --log-driver but without the journald --events-backend (file) is not supported",
  });

/** A journal as Podman reads it: it tells whole seconds, and a stream ends as the script says. */
class ScriptedJournal {
  readonly lines: LoggedLine[] = [];
  readonly reads: LogOptions[] = [];
  /** What ends the streams, each after so many lines; the last one ends with the container. */
  readonly cuts: { readonly after: number; readonly error: Error | undefined }[] = [];
  hasEnded = false;
  isSilent = false;

  write(text: string, atSeconds: number, stream: LoggedLine["stream"] = "stdout"): void {
    this.lines.push({ stream, atSeconds, bytes: Buffer.from(text) });
  }

  async *read(options: LogOptions, signal: AbortSignal): AsyncGenerator<readonly LoggedLine[]> {
    this.reads.push(options);
    const cut = this.cuts.shift();
    if (cut?.after === 0 && cut.error !== undefined) throw cut.error;
    let sent = 0;
    for (let at = this.lines.findIndex(({ atSeconds = 0 }) => atSeconds >= (options.sinceSeconds ?? 0)); ; ) {
      const line = at === -1 || this.isSilent ? undefined : this.lines[at];
      if (line !== undefined) {
        yield [line];
        at += 1;
        sent += 1;
        if (sent === cut?.after) {
          if (cut.error !== undefined) throw cut.error;
          return;
        }
      } else if (!options.follow || (this.hasEnded && !this.isSilent)) {
        return;
      } else {
        await sleep(1, undefined, { signal });
        if (at === -1) at = this.lines.findIndex(({ atSeconds = 0 }) => atSeconds >= (options.sinceSeconds ?? 0));
      }
    }
  }
}

interface Bench {
  readonly pump: JournalPump;
  readonly out: string[];
  readonly err: string[];
  readonly troubles: JournalTrouble[];
  readonly saved: JournalProgress[];
}

function start(
  journal: ScriptedJournal,
  more: {
    readonly progress?: JournalProgress;
    readonly sinceSeconds?: number;
    readonly write?: (signal: AbortSignal) => Promise<void>;
    readonly files?: LogFilePositions;
  } = {},
): Bench {
  const [out, err, troubles, saved]: [string[], string[], JournalTrouble[], JournalProgress[]] = [[], [], [], []];
  const sink = (into: string[]) => ({
    write: async (chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void> => {
      await more.write?.(signal);
      into.push(...chunks.map((chunk) => Buffer.from(chunk).toString()));
    },
    finish: () => undefined,
    close: () => Promise.resolve(),
  });
  const pump = new JournalPump({
    read: (options, signal) => journal.read(options, signal),
    sinks: { stdout: sink(out), stderr: sink(err), filePositions: () => more.files },
    position: { saveJournal: (progress) => saved.push(progress) },
    progress: more.progress,
    sinceSeconds: more.sinceSeconds,
    logger: silent,
    intervals,
    onTrouble: (trouble) => troubles.push(trouble),
    onEnd: () => undefined,
  });
  return { pump, out, err, troubles, saved };
}

test("the pump delivers both streams, and all of them before the end, by one stream", async () => {
  const journal = new ScriptedJournal();
  const { pump, out, err } = start(journal);
  journal.write("a\n", 1);
  journal.write("b\n", 1, "stderr");
  await until(() => err.length === 1);
  journal.write("c\n", 2);
  journal.hasEnded = true;
  await pump.drain();
  assert.deepEqual([out.join(""), err.join(""), journal.reads.length], ["a\nc\n", "b\n", 2]);
});

test("the pump loses and repeats nothing when streams break off, or end too early, in the middle of a second", async () => {
  const journal = new ScriptedJournal();
  for (let number = 0; number < 40; number += 1) journal.write(`${number}\n`, 100 + Math.floor(number / 7));
  journal.cuts.push(
    { after: 3, error: lost() },
    { after: 0, error: lost() },
    { after: 9, error: undefined },
    { after: 2, error: lost() },
    { after: 12, error: lost() },
  );
  const { pump, out } = start(journal);
  await until(() => out.join("").endsWith("39\n"));
  journal.hasEnded = true;
  await pump.drain();
  assert.equal(out.join(""), Array.from({ length: 40 }, (_, number) => `${number}\n`).join(""));
});

test("the pump loses nothing by a stream that ends as soon as it is open, just before the container does", async () => {
  const journal = new ScriptedJournal();
  for (const text of ["a", "b", "c"]) journal.write(text, 1);
  journal.cuts.push({ after: 1, error: undefined });
  journal.hasEnded = true;
  const { pump, out } = start(journal);
  await until(() => out.length === 1);
  await pump.drain();
  assert.equal(out.join(""), "abc");
});

test("the pump asks for a beginning that is old enough for Podman, and leaves out what is older", async () => {
  const journal = new ScriptedJournal();
  const nowSeconds = Math.floor(Date.now() / 1000);
  journal.write("old", nowSeconds - 2);
  journal.write("new", nowSeconds);
  journal.hasEnded = true;
  const { pump, out } = start(journal, { sinceSeconds: nowSeconds });
  await pump.drain();
  assert.equal(out.join(""), "new");
  assert.ok((journal.reads[0]?.sinceSeconds ?? 0) <= nowSeconds - 4);
});

test("the pump goes on where an earlier plugin has got to, and from the given second without that", async () => {
  const journal = new ScriptedJournal();
  for (const [text, atSeconds] of [["a", 1], ["b", 2], ["c", 2], ["d", 3]] as const) journal.write(text, atSeconds);
  journal.hasEnded = true;
  const first = start(journal);
  await first.pump.drain();
  const afterB = first.saved[1] ?? assert.fail("nothing saved");
  journal.reads.splice(0);
  const second = start(journal, { progress: afterB });
  await second.pump.drain();
  assert.deepEqual([second.out.join(""), journal.reads[0]?.sinceSeconds], ["cd", 2]);
  const third = start(journal, { sinceSeconds: 2 });
  await third.pump.drain();
  assert.equal(third.out.join(""), "bcd");
});

test("the pump comes to an end though the journal has lost lines, and delivers what is left", async () => {
  const journal = new ScriptedJournal();
  journal.write("c", 5);
  journal.hasEnded = true;
  const { pump, out } = start(journal, { progress: { mark: { atSeconds: 5, count: 3, checksum: 1 } } });
  await pump.drain();
  assert.equal(out.join(""), "c");
});

test("the pump saves its position after each delivery, with where its own files end", async () => {
  const journal = new ScriptedJournal();
  journal.write("a", 7);
  journal.hasEnded = true;
  const files = { stdout: { index: 1, sizeBytes: 2 }, stderr: { index: 3, sizeBytes: 4 } };
  const { pump, saved } = start(journal, { files });
  await pump.drain();
  assert.deepEqual(saved.map(({ mark, files: ends }) => [mark.atSeconds, mark.count, ends]), [[7, 1, files]]);
});

test("the pump looks now and then, and says so once, where the journal cannot be followed", async () => {
  const journal = new ScriptedJournal();
  journal.cuts.push({ after: 0, error: notFollowable() });
  const { pump, out, troubles } = start(journal);
  journal.write("a\n", 1);
  await until(() => out.length === 1);
  journal.write("b\n", 1);
  await until(() => out.length === 2);
  const drained = pump.drain();
  journal.write("late\n", 2);
  await drained;
  assert.deepEqual([out.join(""), troubles], ["a\nb\nlate\n", ["not-followed"]]);
  assert.deepEqual(journal.reads.map(({ follow }) => follow).slice(0, 2), [true, false]);
});

test("the pump waits for a silent journal for a short while after the container's end, and says so", async () => {
  const journal = new ScriptedJournal();
  journal.isSilent = true;
  const { pump, troubles } = start(journal);
  await until(() => journal.reads.length === 1);
  await pump.drain();
  assert.deepEqual(troubles, ["never-ended"]);
});

test("the pump does not take a slow reader of the task's log for a silent journal", async () => {
  const journal = new ScriptedJournal();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { pump, out, troubles } = start(journal, { write: () => promise });
  journal.write("a\n", 1);
  await until(() => journal.reads.length === 1);
  const drained = pump.drain();
  // A timer of the pump's own for this time would have fired before this one.
  await sleep(intervals.endGraceMs);
  journal.hasEnded = true;
  resolve();
  await drained;
  assert.deepEqual([out.join(""), troubles], ["a\n", []]);
});

test("the pump reads no further than its reader takes", async () => {
  const journal = new ScriptedJournal();
  for (let number = 0; number < 10; number += 1) journal.write(`${number}`, 1);
  let sent = 0;
  const counted = new Proxy(journal, { get: (target, key) => (key === "read" ? countReads : Reflect.get(target, key)) });
  async function* countReads(options: LogOptions, signal: AbortSignal): AsyncGenerator<readonly LoggedLine[]> {
    for await (const lines of journal.read(options, signal)) {
      sent += lines.length;
      yield lines;
    }
  }
  const { pump } = start(counted, { write: (signal) => sleep(60_000, undefined, { signal }) });
  await until(() => sent > 0);
  await pump.close();
  assert.equal(sent, 1);
});

test("the pump ends with a container that is gone, and at once when it is closed", async () => {
  const gone = new ScriptedJournal();
  gone.cuts.push({ after: 0, error: new LibpodError({ code: "not-found", message: "gone" }) });
  await start(gone).pump.drain();
  const open = new ScriptedJournal();
  const { pump } = start(open);
  await until(() => open.reads.length === 1);
  await pump.close();
  await assert.rejects(pump.drain(), /the journal pump was closed/);
});

test("the pump says at once that Podman knows the container no more, though it has not ended", async () => {
  const journal = new ScriptedJournal();
  journal.write("a", 1);
  journal.cuts.push({ after: 1, error: lost() }, { after: 0, error: new LibpodError({ code: "not-found", message: "no such container" }) });
  const { pump, out } = start(journal);
  await assert.rejects(pump.finished, /no such container/);
  assert.deepEqual(out, ["a"]);
});

test("the pump tells at the end that the task's log could not be written", async () => {
  const journal = new ScriptedJournal();
  journal.write("a", 1);
  const { pump } = start(journal, { write: () => Promise.reject(new Error("broken")) });
  await assert.rejects(pump.drain(), /broken/);
});

import assert from "node:assert/strict";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "@driver/testing";
import { EngineFolder } from "../host/engine-storage.ts";
import type { ConmonAnswer } from "./conmon-log-control.ts";
import { LogRotation, type LogRotationOptions } from "./log-rotation.ts";

/** A container's folder, and a conmon that answers and acts as the test says. */
class RotationBench implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "rotation-"));
  readonly log = join(this.root, "ctr.log");
  readonly folder = EngineFolder.open(this.root, { uid: 0, ruledIds: [] });
  answer: ConmonAnswer = { kind: "told" };
  asked = 0;
  onAsk: () => void = () => undefined;

  constructor() {
    writeFileSync(this.log, "old");
  }

  open(options: Partial<LogRotationOptions> = {}): LogRotation {
    const control = {
      look: () => this.answer,
      ask: () => {
        if (this.answer.kind === "told") this.asked += 1;
        this.onAsk();
        return this.answer;
      },
    };
    return new LogRotation({
      folder: this.folder,
      name: "ctr.log",
      control,
      intervals: { retryMs: 0, lookMs: 0, askAgainMs: 60_000 },
      ...options,
    });
  }

  get inode(): bigint {
    return statSync(this.log, { bigint: true }).ino;
  }

  /** As conmon does it. */
  switchLog(): void {
    writeFileSync(`${this.log}.tmp`, "new");
    renameSync(`${this.log}.tmp`, this.log);
  }

  names(): string[] {
    return readdirSync(this.root).toSorted();
  }

  [Symbol.dispose](): void {
    this.folder.close();
    rmSync(this.root, { recursive: true });
  }
}

const notNow = (code: string): ConmonAnswer => ({ kind: "not-now", error: Object.assign(new Error(code), { code }) });

test("keeps the old file and knows when conmon has begun a new one, however late", async () => {
  using bench = new RotationBench();
  const rotation = bench.open();
  const inode = bench.inode;
  assert.deepEqual([rotation.waitedMs, rotation.hasLeft(inode)], [0, false]);
  assert.equal(rotation.want("ctr.log.1"), true);
  assert.deepEqual([rotation.keptName(inode), rotation.want("ctr.log.2"), bench.asked], [undefined, false, 1]);
  await until(() => rotation.waitedMs > 0);
  bench.switchLog();
  assert.deepEqual([rotation.hasLeft(inode), rotation.keptName(inode), rotation.keptName(inode)], [true, "ctr.log.1", "ctr.log.1"]);
  rotation.done();
  assert.deepEqual([rotation.waitedMs, rotation.keptName(inode), rotation.hasLeft(inode)], [0, undefined, false]);
  assert.deepEqual([readFileSync(`${bench.log}.1`, "utf8"), readFileSync(bench.log, "utf8")], ["old", "new"]);
});

for (const answer of [notNow("EMFILE"), notNow("ENOENT"), { kind: "gone" }] as const) {
  const why = answer.kind === "not-now" ? String(answer.error) : answer.kind;
  test(`leaves all as it is when conmon cannot be asked (${why}), and tries again`, () => {
    using bench = new RotationBench();
    const rotation = bench.open();
    bench.answer = answer;
    assert.equal(rotation.want("ctr.log.1"), true);
    assert.deepEqual([bench.names(), rotation.lastError], [["ctr.log"], answer.kind === "not-now" ? answer.error : undefined]);
    bench.answer = { kind: "told" };
    assert.equal(rotation.want("ctr.log.2"), true);
    bench.switchLog();
    assert.equal(rotation.keptName(statSync(`${bench.log}.2`, { bigint: true }).ino), "ctr.log.2");
  });
}

test("does not try at each occasion, of which a busy log has thousands a second", () => {
  using bench = new RotationBench();
  const rotation = bench.open({ intervals: { retryMs: 60_000 } });
  bench.answer = notNow("EMFILE");
  assert.deepEqual([rotation.want("ctr.log.1"), rotation.want("ctr.log.2")], [true, false]);
});

test("is done as often as a busy log needs it", () => {
  using bench = new RotationBench();
  const rotation = bench.open({ intervals: { retryMs: 60_000 } });
  bench.onAsk = () => bench.switchLog();
  for (let number = 1; number <= 3; number += 1) {
    const inode = bench.inode;
    assert.equal(rotation.want(`ctr.log.${number}`), true);
    assert.equal(rotation.keptName(inode), `ctr.log.${number}`);
    rotation.done();
  }
});

test("does not ask a conmon that could not make its new file, which would end it", () => {
  using bench = new RotationBench();
  const rotation = bench.open();
  mkdirSync(`${bench.log}.tmp`);
  assert.equal(rotation.want("ctr.log.1"), true);
  assert.deepEqual([bench.asked, existsSync(`${bench.log}.1`), rotation.lastError instanceof Error], [0, false, true]);
  rmSync(`${bench.log}.tmp`, { recursive: true });
  rotation.want("ctr.log.2");
  assert.deepEqual([bench.asked, bench.names()], [1, ["ctr.log", "ctr.log.2", "ctr.log.tmp"]]);
});

test("makes room for no new file where the old one cannot be kept", () => {
  using bench = new RotationBench();
  const rotation = bench.open();
  writeFileSync(`${bench.log}.1`, "somebody's");
  rotation.want("ctr.log.1");
  assert.deepEqual(
    [bench.asked, (rotation.lastError as NodeJS.ErrnoException).code, readFileSync(`${bench.log}.1`, "utf8")],
    [0, "EEXIST", "somebody's"],
  );
  rotation.want("ctr.log.2");
  assert.equal(bench.asked, 1);
});

test("takes a message back that a conmon has not read when it went, and asks the next one", () => {
  using bench = new RotationBench();
  const rotation = bench.open();
  rotation.want("ctr.log.1");
  bench.answer = { kind: "gone" };
  assert.deepEqual([rotation.keptName(bench.inode), bench.names()], [undefined, ["ctr.log", "ctr.log.tmp"]]);
  bench.answer = { kind: "told" };
  assert.deepEqual([rotation.want("ctr.log.2"), bench.asked], [true, 2]);
});

test("sees the new file that a conmon has made as the last thing it did", () => {
  using bench = new RotationBench();
  const inode = bench.inode;
  const look = (): ConmonAnswer => {
    bench.switchLog();
    return { kind: "gone" };
  };
  linkSync(bench.log, `${bench.log}.1`);
  const rotation = bench.open({ control: { look, ask: look }, begunName: "ctr.log.1" });
  assert.equal(rotation.keptName(inode), "ctr.log.1");
});

test("does not take a conmon for gone because nobody can tell", () => {
  using bench = new RotationBench();
  const rotation = bench.open();
  rotation.want("ctr.log.1");
  bench.answer = notNow("EMFILE");
  const inode = bench.inode;
  assert.equal(rotation.keptName(inode), undefined);
  bench.switchLog();
  assert.equal(rotation.keptName(inode), "ctr.log.1");
});

test("asks once more after long", () => {
  using bench = new RotationBench();
  const rotation = bench.open({ intervals: { retryMs: 0, lookMs: 0, askAgainMs: 0 } });
  rotation.want("ctr.log.1");
  rotation.keptName(bench.inode);
  assert.equal(bench.asked, 2);
  bench.switchLog();
  assert.equal(rotation.keptName(statSync(`${bench.log}.1`, { bigint: true }).ino), "ctr.log.1");
});

test("goes on with a rotation that a plugin was killed in, whether conmon was asked or not", () => {
  for (const wasAsked of [true, false]) {
    using bench = new RotationBench();
    const inode = bench.inode;
    linkSync(bench.log, `${bench.log}.3`);
    if (wasAsked) bench.switchLog();
    bench.onAsk = () => bench.switchLog();
    const rotation = bench.open({ begunName: "ctr.log.3" });
    rotation.keptName(inode);
    assert.deepEqual([rotation.keptName(inode), bench.asked], ["ctr.log.3", wasAsked ? 0 : 1]);
  }
});

import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineFolder } from "../src/host/engine-storage.ts";
import type { ConmonAnswer } from "../src/logs/conmon-log-control.ts";
import type { LogProgress } from "../src/logs/log-position.ts";
import { LogSpool, type LogSpoolOptions } from "../src/logs/log-spool.ts";

/** A container's folder, and a conmon that begins a new log when it is asked to. */
export class SpoolBench implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "spool-"));
  readonly log = join(this.root, "ctr.log");
  readonly folder = EngineFolder.open(this.root, { uid: 0, ruledIds: [] });
  readonly emptied: unknown[] = [];
  readonly #spools: LogSpool[] = [];
  answer: ConmonAnswer = { kind: "told" };
  conmonIsSlow = false;

  constructor() {
    writeFileSync(this.log, "");
  }

  readonly control = {
    look: (): ConmonAnswer => this.answer,
    ask: (): ConmonAnswer => {
      if (this.answer.kind === "told" && !this.conmonIsSlow) this.switchLog();
      return this.answer;
    },
  };

  switchLog(): void {
    writeFileSync(`${this.log}.tmp`, "");
    renameSync(`${this.log}.tmp`, this.log);
  }

  async open({ progress, ...options }: Partial<LogSpoolOptions> & { readonly progress?: LogProgress | undefined } = {}): Promise<LogSpool> {
    const { folder, control } = this;
    const onEmptied = (error: unknown): void => void this.emptied.push(error);
    const spool = await LogSpool.open({
      folder,
      name: "ctr.log",
      control,
      onEmptied,
      intervals: { retryMs: 0, lookMs: 0, askAgainMs: 60_000 },
      stuckMs: 0,
      ...options,
    });
    this.#spools.push(spool);
    if (progress !== undefined) await spool.goOnAt(progress);
    return spool;
  }

  /** Without what has no meaning once the new file is there. */
  names(): string[] {
    return readdirSync(this.root).filter((name) => name !== "ctr.log.tmp").toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const spool of this.#spools) await spool.close();
    this.folder.close();
    rmSync(this.root, { recursive: true });
  }
}

export const gone: ConmonAnswer = { kind: "gone" };
export const notNow: ConmonAnswer = { kind: "not-now", error: Object.assign(new Error("EMFILE"), { code: "EMFILE" }) };

/** All that there is to read, of all files. */
export async function readAll(spool: LogSpool): Promise<string> {
  const buffer = Buffer.alloc(7);
  let text = "";
  for (;;) {
    const { length, isHole, isFileEnd } = await spool.read(buffer);
    if (length === 0 && !isHole && !isFileEnd) return text;
    if (isFileEnd) await spool.dropFinished();
    text += buffer.toString("utf8", 0, length);
  }
}

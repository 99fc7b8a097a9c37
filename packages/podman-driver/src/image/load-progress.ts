import { toSize, toTime } from "./pull-progress.ts";
import type { PullStatus } from "./pull-status.ts";
import type { ReportTimes } from "./pull-watch.ts";
import type { PullListener } from "../engine/shared-pulls.ts";

export interface LoadProgressOptions {
  /** The place of the archive, as it may be shown. */
  readonly shown: string;
  /** 0: not known. */
  readonly sizeBytes: number;
  readonly reportTimes: ReportTimes;
  readonly tell: PullListener;
  readonly follow: (status: PullStatus) => void;
}

const followEachMs = 1000;

/** Tells how far an archive has been read: seldom those who wait, and each second who follows. */
export class LoadProgress implements Disposable {
  readonly #options: LoadProgressOptions;
  readonly #startMs = performance.now();
  #readBytes = 0;
  #nextTellMs: number;
  #nextFollowMs = followEachMs;

  constructor(options: LoadProgressOptions) {
    this.#options = options;
    this.#nextTellMs = options.reportTimes.firstMs;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** So many more have been read. */
  add(bytes: number): void {
    const { shown, reportTimes, tell } = this.#options;
    this.#readBytes += bytes;
    const { elapsedMs } = this;
    if (elapsedMs >= this.#nextFollowMs) {
      this.#nextFollowMs = elapsedMs + followEachMs;
      this.#follow(false);
    }
    if (elapsedMs < this.#nextTellMs) return;
    this.#nextTellMs += reportTimes.eachMs;
    tell(`Loading image ${shown}: ${this.#text}, ${toTime(elapsedMs)}`);
  }

  [Symbol.dispose](): void {
    this.#follow(true);
  }

  get #text(): string {
    const { sizeBytes } = this.#options;
    return `${toSize(this.#readBytes)}${sizeBytes === 0 ? " so far" : ` of ${toSize(sizeBytes)}`}`;
  }

  #follow(hasEnded: boolean): void {
    const { shown, sizeBytes, follow } = this.#options;
    const bytes = sizeBytes === 0 ? undefined : { current: this.#readBytes, total: sizeBytes };
    follow({ image: shown, text: this.#text, bytes, elapsedMs: this.elapsedMs, hasEnded });
  }
}

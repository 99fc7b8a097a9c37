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

/**
 * Tells how far the load of an archive is: seldom those who wait, and each second who follows. Also while nothing is read, as Podman may
 * unpack for minutes what it has. Until it is disposed.
 */
export class LoadProgress implements Disposable {
  readonly #options: LoadProgressOptions;
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  #readBytes = 0;
  #isRead = false;
  #nextTellMs: number;

  constructor(options: LoadProgressOptions) {
    this.#options = options;
    this.#nextTellMs = options.reportTimes.firstMs;
    this.#timer = setInterval(() => this.#look(), followEachMs);
    this.#timer.unref();
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** So many more have been read. */
  add(bytes: number): void {
    this.#readBytes += bytes;
  }

  /** No more will be read. */
  end(): void {
    this.#isRead = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#follow(true);
  }

  #look(): void {
    const { shown, reportTimes, tell } = this.#options;
    const { elapsedMs } = this;
    this.#follow(false);
    if (elapsedMs < this.#nextTellMs) return;
    this.#nextTellMs = elapsedMs + reportTimes.eachMs;
    tell(`Loading image ${shown}: ${this.#text}, ${toTime(elapsedMs)}`);
  }

  get #text(): string {
    const { sizeBytes } = this.#options;
    const read = toSize(this.#readBytes);
    if (this.#isRead) return `${read} read, Podman is unpacking`;
    return sizeBytes === 0 ? `${read} so far` : `${read} of ${toSize(sizeBytes)}`;
  }

  #follow(hasEnded: boolean): void {
    const { shown, sizeBytes, follow } = this.#options;
    const bytes = sizeBytes === 0 ? undefined : { current: this.#readBytes, total: sizeBytes };
    follow({ image: shown, text: this.#text, bytes, elapsedMs: this.elapsedMs, hasEnded });
  }
}

export interface DropNoticeOptions {
  /** Tells the task's owner how many bytes of log are lost since it was told last. */
  tell(lostBytes: number): void;
  /** Of `performance.now`. */
  readonly nowMs?: () => number;
}

/** Each event is an entry in the state of Nomad's servers, and output may be dropped for as long as nobody takes it. */
const leastPauseMs = 60_000;

/** Tells of lost output at once, and then at most once a minute, in sums. */
export class DropNotice {
  readonly #options: DropNoticeOptions;
  readonly #nowMs: () => number;
  #untoldBytes = 0;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DropNoticeOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** To be called now and then, with 0 too: a sum is told when its time has come. */
  add(lostBytes: number): void {
    this.#untoldBytes += lostBytes;
    if (this.#nowMs() - this.#toldAtMs >= leastPauseMs) this.finish();
  }

  /** Tells what has not been told. */
  finish(): void {
    if (this.#untoldBytes === 0) return;
    const lostBytes = this.#untoldBytes;
    this.#untoldBytes = 0;
    this.#toldAtMs = this.#nowMs();
    this.#options.tell(lostBytes);
  }
}

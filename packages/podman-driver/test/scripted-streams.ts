/** Streams that give what the test puts in, one after the other; one that is not put in stays open. Counts what is open. */
export class ScriptedStreams<T> {
  readonly streams: (readonly T[] | Error)[] = [];
  open = 0;

  /** The next of them. Throws what was put in its place, and ends with the signal's reason. */
  async *next(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const stream = this.streams.shift();
    if (stream instanceof Error) throw stream;
    this.open += 1;
    try {
      yield* stream ?? [];
      if (stream === undefined) {
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }));
      }
    } finally {
      this.open -= 1;
    }
  }
}

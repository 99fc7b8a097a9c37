/**
 * The items of `source` until it ends or `signal` aborts, whichever is first. An abort ends the loop at once, even
 * while an item is awaited, and without an error; `source` is told to finish, but not waited for. For a reader who asks for
 * one item at a time, as loops do.
 */
export function takeUntilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterableIterator<T, undefined> {
  return new UntilAborted(source, signal);
}

/** No generator: every sample of every task passes here, and what a generator allocates for an item outlives the wait for it. */
class UntilAborted<T> implements AsyncIterableIterator<T, undefined> {
  readonly #iterator: AsyncIterator<T>;
  readonly #signal: AbortSignal;
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  #hasEnded = false;

  constructor(source: AsyncIterable<T>, signal: AbortSignal) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#signal = signal;
    signal.addEventListener("abort", this.#end, { once: true });
    if (signal.aborted) this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    this.#reader = Promise.withResolvers();
    this.#iterator.next().then(this.#take, this.#fail);
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  readonly #take = (step: IteratorResult<T, unknown>): void => {
    if (step.done === true) return this.#end();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(step);
  };

  readonly #fail = (error: unknown): void => {
    this.#reader?.reject(error);
    this.#end();
  };

  readonly #end = (): void => {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#signal.removeEventListener("abort", this.#end);
    this.#reader?.resolve({ done: true, value: undefined });
    this.#reader = undefined;
    this.#iterator.return?.().catch(() => {});
  };
}

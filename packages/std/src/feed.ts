/** Takes the items of a feed. */
export interface FeedListener<T> {
  /**
   * The next item. Returns a promise where no other may come before it settles; what falls due meanwhile is left out. When this throws,
   * or the promise rejects, the feed ends with that error.
   */
  take(item: T): Promise<unknown> | undefined;
  /** There are no more items; called once. `error`: why, where the feed did not come to its end. */
  end(error?: unknown): void;
}

/**
 * Items that come of themselves, for one listener. A loop can read them as well, but a loop that waits is half a dozen objects, made
 * anew for each item: too much where there are hundreds of feeds with an item a second, which outlive the wait for it.
 */
export abstract class Feed<T> implements AsyncIterable<T> {
  /** Begins. Called once. */
  abstract follow(listener: FeedListener<T>): void;
  /** Ends it, and tells the listener so. Safe to call again, and before `follow`. */
  abstract close(): void;

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new FeedReader(this);
  }
}

/** For one reader who asks for one item at a time, as loops do. */
class FeedReader<T> implements AsyncIterator<T, undefined>, FeedListener<T> {
  readonly #feed: Feed<T>;
  #hasBegun = false;
  #outcome: { readonly error: unknown } | undefined;
  #reader: PromiseWithResolvers<IteratorResult<T, undefined>> | undefined;
  /** Settles what the feed waits for before it gives another item. */
  #askForMore: (() => void) | undefined;

  constructor(feed: Feed<T>) {
    this.#feed = feed;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const reader = (this.#reader = Promise.withResolvers());
    if (this.#outcome !== undefined) this.#settle(this.#outcome.error);
    else if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#feed.follow(this);
    } else this.#askForMore?.();
    return reader.promise;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#feed.close();
    this.#outcome ??= { error: undefined };
    return Promise.resolve({ done: true, value: undefined });
  }

  take(item: T): Promise<void> {
    this.#reader?.resolve({ done: false, value: item });
    this.#reader = undefined;
    return new Promise((resolve) => {
      this.#askForMore = resolve;
    });
  }

  end(error?: unknown): void {
    this.#outcome ??= { error };
    this.#settle(error);
  }

  /** An error is told once, as by a generator. */
  #settle(error: unknown): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#outcome = { error: undefined };
    if (error === undefined) reader.resolve({ done: true, value: undefined });
    else reader.reject(error);
  }
}

/**
 * The items of `source` until it ends or `signal` aborts, whichever is first. An abort ends the loop at once, even
 * while an item is awaited, and without an error; `source` is told to finish, but not waited for.
 */
export async function* takeUntilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    while (!signal.aborted) {
      const next = iterator.next();
      // It may fail after nobody waits for it any more.
      next.catch(() => {});
      const step = await Promise.race([next, aborted]);
      if (step === undefined || step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    iterator.return?.().catch(() => {});
  }
}

/** Settles when `signal` aborts. */
export async function waitAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}

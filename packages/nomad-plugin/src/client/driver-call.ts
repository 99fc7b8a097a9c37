import { Code, ConnectError } from "@connectrpc/connect";
import type { CallOptions } from "@connectrpc/connect";
import { fromCallError } from "./from-call-error.ts";

/** Runs one call; it fails with a `DriverError`, or with the signal's reason. */
export async function call<T>(signal: AbortSignal, run: (options: CallOptions) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await run({ signal });
  } catch (error) {
    throw fromCallError(error, signal);
  }
}

/** Runs a call that older plugins do not have; its absence is fine. */
export async function callIfImplemented(signal: AbortSignal, run: (options: CallOptions) => Promise<unknown>): Promise<void> {
  await call(signal, async (options) => {
    try {
      await run(options);
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Unimplemented) throw error;
    }
  });
}

/** The converted messages of a stream; leaving the loop cancels the call. */
export async function* followStream<T, U>(
  signal: AbortSignal,
  open: (options: CallOptions) => AsyncIterable<T>,
  convert: (message: T) => U,
): AsyncGenerator<U> {
  signal.throwIfAborted();
  const left = new AbortController();
  try {
    for await (const message of open({ signal: AbortSignal.any([signal, left.signal]) })) yield convert(message);
  } catch (error) {
    throw fromCallError(error, signal);
  } finally {
    left.abort();
  }
  signal.throwIfAborted();
}

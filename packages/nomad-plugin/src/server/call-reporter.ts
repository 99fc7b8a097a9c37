import type { Logger } from "@driver/go-plugin";
import { messageOf } from "@driver/std";
import { toCallError } from "../convert/errors.ts";
import { takeUntilAborted } from "../take-until-aborted.ts";

/** Runs calls of the driver and turns their errors into what goes over the wire. */
export interface CallReporter {
  /** Settles at once when the caller hangs up; a driver that goes on all the same is not waited for. */
  answer<T>(context: CallContext, call: (signal: AbortSignal) => Promise<T>): Promise<T>;
  stream<T, U>(context: CallContext, items: (signal: AbortSignal) => AsyncIterable<T>, convert: (item: T) => U): AsyncIterable<U>;
}

/** What the reporter needs of a call's context. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly method: { readonly name: string };
}

/** Failed calls are logged at debug: the agent shows their text to the user. */
export function callReporter(logger: Logger): CallReporter {
  const report = ({ method, signal }: CallContext, error: unknown): unknown => {
    if (signal.aborted) return error;
    logger.debug("call failed", { method: method.name, error: messageOf(error) });
    return toCallError(error);
  };
  return {
    async answer(context, call) {
      try {
        return await unlessAborted(call, context.signal);
      } catch (error) {
        throw report(context, error);
      }
    },
    stream: (context, items, convert) => ({
      [Symbol.asyncIterator]: () => reportedItems(context, { items, convert, report: (error) => report(context, error) }),
    }),
  };
}

/** No generator: every sample of every task passes here. */
function reportedItems<T, U>(
  { signal }: CallContext,
  { items, convert, report }: { items(signal: AbortSignal): AsyncIterable<T>; convert(item: T): U; report(error: unknown): unknown },
): AsyncIterator<U, undefined> {
  let open: AsyncIterator<T, undefined> | undefined;
  const fail = (error: unknown): never => {
    void open?.return?.();
    throw report(error);
  };
  const pass = (step: IteratorResult<T, undefined>): IteratorResult<U, undefined> => {
    try {
      if (step.done !== true) return { done: false, value: convert(step.value) };
      signal.throwIfAborted();
      return step;
    } catch (error) {
      return fail(error);
    }
  };
  return {
    next() {
      try {
        open ??= takeUntilAborted(items(signal), signal);
      } catch (error) {
        return Promise.reject(report(error));
      }
      return open.next().then(pass, fail);
    },
    async return() {
      await open?.return?.();
      return { done: true, value: undefined };
    },
  };
}

async function unlessAborted<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([call(signal), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

import type { Logger } from "@driver/go-plugin";
import { Feed, messageOf, type FeedListener } from "@driver/std";
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
    stream(context, items, convert) {
      let source: ReturnType<typeof items>;
      try {
        source = items(context.signal);
      } catch (error) {
        throw report(context, error);
      }
      const way = { convert, report };
      return source instanceof Feed ? new ReportedFeed(source, context, way) : reportedItems(source, context, way);
    },
  };
}

/** How an item, and an error, goes over the wire. */
interface ReportedWay<T, U> {
  convert(item: T): U;
  report(context: CallContext, error: unknown): unknown;
}

/** One for each task whose statistics are followed, so it holds no functions of its own. */
class ReportedFeed<T, U> extends Feed<U> implements FeedListener<T> {
  readonly #source: Feed<T>;
  readonly #context: CallContext;
  readonly #way: ReportedWay<T, U>;
  #listener: FeedListener<U> | undefined;

  constructor(source: Feed<T>, context: CallContext, way: ReportedWay<T, U>) {
    super();
    this.#source = source;
    this.#context = context;
    this.#way = way;
  }

  follow(listener: FeedListener<U>): void {
    this.#listener = listener;
    this.#source.follow(this);
  }

  close(): void {
    this.#source.close();
  }

  take(item: T): Promise<unknown> | undefined {
    return this.#listener?.take(this.#way.convert(item));
  }

  end(error?: unknown): void {
    this.#listener?.end(error === undefined ? undefined : this.#way.report(this.#context, error));
  }
}

async function* reportedItems<T, U>(
  source: AsyncIterable<T>,
  context: CallContext,
  { convert, report }: ReportedWay<T, U>,
): AsyncIterable<U> {
  const { signal } = context;
  try {
    for await (const item of takeUntilAborted(source, signal)) yield convert(item);
    signal.throwIfAborted();
  } catch (error) {
    throw report(context, error);
  }
}

/** Agents wait for each task in a call of its own, so nothing but the call itself waits here. */
function unlessAborted<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    call(signal)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", abort));
  });
}

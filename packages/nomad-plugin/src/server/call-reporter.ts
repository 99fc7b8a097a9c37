import type { Logger } from "@driver/go-plugin";
import { toCallError } from "../convert/errors.ts";

/** Runs calls of the driver and turns their errors into what goes over the wire. */
export interface CallReporter {
  answer<T>(method: string, call: () => Promise<T>): Promise<T>;
  stream<T, U>(method: string, items: () => AsyncIterable<T>, convert: (item: T) => U): AsyncGenerator<U>;
}

/** Failed calls are logged at debug: the agent shows their text to the user. */
export function callReporter(logger: Logger): CallReporter {
  const report = (method: string, error: unknown): unknown => {
    logger.debug("call failed", { method, error: error instanceof Error ? error.message : String(error) });
    return toCallError(error);
  };
  return {
    async answer(method, call) {
      try {
        return await call();
      } catch (error) {
        throw report(method, error);
      }
    },
    async *stream(method, items, convert) {
      try {
        for await (const item of items()) yield convert(item);
      } catch (error) {
        throw report(method, error);
      }
    },
  };
}

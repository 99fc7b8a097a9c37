import type { MessageInitShape } from "@bufbuild/protobuf";
import { messageOf } from "@driver/std";
import { fromExecRequest, toExecResponses } from "../convert/exec.ts";
import { DriverError } from "../driver-error.ts";
import type { ExecTaskStreamingRequest, ExecTaskStreamingRequest_Setup, ExecTaskStreamingResponseSchema } from "../gen/driver_pb.ts";
import { takeUntilAborted } from "../take-until-aborted.ts";
import type { ExecInput, TaskDriver } from "../task-driver.ts";

/**
 * One interactive session. The first message sets it up, the rest is input; Nomad never half-closes, so the
 * session's end ends the input. `signal` is the call's: it may stay silent long after the user is gone.
 */
export async function* serveExec(
  driver: TaskDriver,
  requests: AsyncIterable<ExecTaskStreamingRequest>,
  signal: AbortSignal,
): AsyncGenerator<MessageInitShape<typeof ExecTaskStreamingResponseSchema>> {
  const iterator = requests[Symbol.asyncIterator]();
  const { taskId, command, tty } = await readSetup(iterator);
  const session = new AbortController();
  const whole = AbortSignal.any([signal, session.signal]);
  const input = readInput(iterator, { whole, session });
  try {
    for await (const update of driver.execTaskStreaming(taskId, { command, tty }, input, whole)) {
      session.signal.throwIfAborted();
      yield* toExecResponses(update);
      if (update.kind === "exited") return;
    }
    whole.throwIfAborted();
    throw new DriverError("failed", "exec session ended without an exit result");
  } catch (error) {
    throw session.signal.aborted && !signal.aborted ? session.signal.reason : error;
  } finally {
    session.abort();
  }
}

async function readSetup(iterator: AsyncIterator<ExecTaskStreamingRequest>): Promise<ExecTaskStreamingRequest_Setup> {
  const first = await iterator.next().catch((error: unknown) => {
    throw new DriverError("failed", `failed to receive initial message: ${messageOf(error)}`, {
      cause: error,
    });
  });
  if (first.done === true) throw new DriverError("failed", "failed to receive initial message: EOF");
  if (first.value.setup === undefined) throw new DriverError("failed", "first message should always be setup");
  return first.value.setup;
}

/** A message that makes no sense ends the session with an error, whether or not the driver looks at its input. */
async function* readInput(
  iterator: AsyncIterator<ExecTaskStreamingRequest>,
  { whole, session }: { readonly whole: AbortSignal; readonly session: AbortController },
): AsyncGenerator<ExecInput> {
  try {
    for await (const request of takeUntilAborted({ [Symbol.asyncIterator]: () => iterator }, whole)) yield* fromExecRequest(request);
  } catch (error) {
    session.abort(error);
  }
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import { waitAborted } from "@driver/std";
import { fromExecResponse, toExecRequest } from "../convert/exec.ts";
import { DriverError } from "../driver-error.ts";
import type { ExecTaskStreamingRequestSchema, ExecTaskStreamingResponse } from "../gen/driver_pb.ts";
import { takeUntilAborted } from "../take-until-aborted.ts";
import type { ExecInput, ExecSetup, ExecUpdate } from "../task-driver.ts";
import { fromCallError } from "./from-call-error.ts";

type Request = MessageInitShape<typeof ExecTaskStreamingRequestSchema>;

/** One interactive session from the host's side. */
export interface ExecSession {
  readonly taskId: string;
  readonly setup: ExecSetup;
  readonly input: AsyncIterable<ExecInput>;
  readonly signal: AbortSignal;
  readonly open: (requests: AsyncIterable<Request>, options: CallOptions) => AsyncIterable<ExecTaskStreamingResponse>;
}

/** The session's output, then its exit; as Nomad, it does not half-close when the input ends. */
export async function* followExec(session: ExecSession): AsyncGenerator<ExecUpdate> {
  session.signal.throwIfAborted();
  const ended = new AbortController();
  const whole = AbortSignal.any([session.signal, ended.signal]);
  try {
    let exit: ExecUpdate | undefined;
    for await (const response of session.open(requestsOf(session, whole), { signal: whole })) {
      for (const update of fromExecResponse(response)) {
        if (update.kind === "exited") exit = update;
        else yield update;
      }
    }
    if (exit === undefined) throw new DriverError("failed", "exec session ended without an exit result");
    yield exit;
  } catch (error) {
    throw fromCallError(error, session.signal);
  } finally {
    ended.abort();
  }
}

async function* requestsOf({ taskId, setup, input }: ExecSession, whole: AbortSignal): AsyncGenerator<Request> {
  yield { setup: { taskId, command: [...setup.command], tty: setup.tty } };
  for await (const item of takeUntilAborted(input, whole)) yield toExecRequest(item);
  await waitAborted(whole);
}

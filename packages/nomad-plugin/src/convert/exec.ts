import type { MessageInitShape } from "@bufbuild/protobuf";
import { DriverError } from "../driver-error.ts";
import type {
  ExecTaskStreamingRequest,
  ExecTaskStreamingRequestSchema,
  ExecTaskStreamingResponse,
  ExecTaskStreamingResponseSchema,
} from "../gen/driver_pb.ts";
import type { ExecInput, ExecUpdate } from "../task-driver.ts";
import { toInt32 } from "./numbers.ts";
import { fromExitMessage, toExitMessage } from "./task-state.ts";

type Request = MessageInitShape<typeof ExecTaskStreamingRequestSchema>;
type Response = MessageInitShape<typeof ExecTaskStreamingResponseSchema>;

/** One message is not larger, so that a slow reader holds back little. */
const maxChunkBytes = 32_768;

/** Input of an exec session as its message. */
export function toExecRequest(input: ExecInput): Request {
  switch (input.kind) {
    case "stdin":
      return { stdin: { data: input.data } };
    case "stdin-close":
      return { stdin: { close: true } };
    case "resize":
      return { ttySize: { height: toInt32(input.height), width: toInt32(input.width) } };
  }
}

/**
 * What a message says to the process: nothing for a heartbeat. Data beside a close is left out, as in Nomad's own
 * drivers. A message of any other kind is an error.
 */
export function fromExecRequest(message: ExecTaskStreamingRequest): ExecInput[] {
  const { stdin, ttySize, setup } = message;
  if (stdin?.close) return [{ kind: "stdin-close" }];
  if (stdin !== undefined) return stdin.data.length === 0 ? [] : [{ kind: "stdin", data: stdin.data }];
  if (ttySize !== undefined) return [{ kind: "resize", height: ttySize.height, width: ttySize.width }];
  if (setup !== undefined) throw new DriverError("failed", "unexpected message type: setup after the session was set up");
  return [];
}

/**
 * What an update is on the wire. The end is three messages, in this order: stdout closed, stderr closed, and
 * exited together with the result, without which the agent ignores it.
 */
export function toExecResponses(update: ExecUpdate): Response[] {
  if (update.kind === "exited")
    return [{ stdout: { close: true } }, { stderr: { close: true } }, { exited: true, result: toExitMessage(update.result) }];
  return chunksOf(update.data).map((data) => ({ [update.kind]: { data } }));
}

/** What a message says about the process: nothing for the mere close of a stream. */
export function fromExecResponse(message: ExecTaskStreamingResponse): ExecUpdate[] {
  const updates: ExecUpdate[] = [];
  if (message.stdout !== undefined && message.stdout.data.length > 0) updates.push({ kind: "stdout", data: message.stdout.data });
  if (message.stderr !== undefined && message.stderr.data.length > 0) updates.push({ kind: "stderr", data: message.stderr.data });
  if (message.exited) updates.push({ kind: "exited", result: fromExitMessage(message.result) });
  return updates;
}

function chunksOf(data: Uint8Array): Uint8Array[] {
  const count = Math.ceil(data.length / maxChunkBytes);
  return Array.from({ length: count }, (_, index) => data.subarray(index * maxChunkBytes, (index + 1) * maxChunkBytes));
}

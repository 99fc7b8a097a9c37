/** Where one stream of a task's output goes. */
export interface LogSink {
  /** Settles when the bytes have left this process; the array and its buffers may be reused then. */
  write(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  /** The task has written its last. */
  finish(): void;
  /** Lets go of descriptors; the reader of a FIFO sees the end. */
  close(): Promise<void>;
}

/** For `/dev/null`: the job wants no logs. */
export const nullSink: LogSink = {
  write: () => Promise.resolve(),
  finish: () => undefined,
  close: () => Promise.resolve(),
};

/** One log stream of a task, opened for one life of the task. */
export interface LogReader {
  /** The exact bytes, in order; ends after `drain`. To be followed once, or closed. */
  follow(): AsyncIterable<Uint8Array>;
  /** Lets `follow` end when everything that the task wrote is delivered. */
  drain(): Promise<void>;
  /** Lets go of what was never followed. */
  close(): Promise<void>;
}

/** Where one log stream of a task can be read, life after life. */
export interface LogSource extends AsyncDisposable {
  /** Opened before the task starts, drained after it has ended. */
  open(): Promise<LogReader>;
}

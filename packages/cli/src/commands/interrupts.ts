/** What a person said with Ctrl-C. */
export interface Interrupts extends Disposable {
  /** Fires at the first SIGINT, SIGTERM or SIGHUP. */
  readonly stop: AbortSignal;
  /** Fires at the second. */
  readonly kill: AbortSignal;
  /** Counts as a signal; for a reader that went away. */
  interrupt(reason: string): void;
}

const signalNames = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Takes over the signals that ask this process to end, until it is disposed. */
export function watchInterrupts(): Interrupts {
  const stop = new AbortController();
  const kill = new AbortController();
  const interrupt = (reason: string): void => {
    if (stop.signal.aborted) kill.abort(new Error(`${reason} again`));
    else stop.abort(new Error(reason));
  };
  const listener = (name: NodeJS.Signals): void => interrupt(name === "SIGINT" ? "interrupted" : `received ${name}`);
  for (const name of signalNames) process.on(name, listener);
  return {
    stop: stop.signal,
    kill: kill.signal,
    interrupt,
    [Symbol.dispose]: () => {
      for (const name of signalNames) process.off(name, listener);
    },
  };
}

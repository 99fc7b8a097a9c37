import { tmpdir } from "node:os";
import { inspect } from "node:util";
import type { Environment } from "./handshake.ts";
import { createHclogLogger } from "./log/hclog-logger.ts";
import type { Logger } from "./log/logger.ts";
import { processHeap, type Heap } from "./process-heap.ts";

/** Where a text goes; the part of a Node stream that the plugin needs. */
export interface TextSink {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** What a plugin needs of its process, so that tests can give it another one. */
export interface PluginIo {
  readonly env: Environment;
  readonly pid: number;
  /** The folder for temporary files when the environment names none. */
  readonly temporaryFolder: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly heap: Heap;
  /** Calls `listener` instead of the signal's default action; returns the undo. */
  onSignal(signal: "SIGINT" | "SIGTERM", listener: () => void): () => void;
  /** Takes what libraries print (console, warnings of the runtime), which would break the host's reading; returns the undo. */
  divertPrints(onText: (text: string) => void): () => void;
  /** Reports an error that nobody caught; returns the undo. */
  onUncaught(listener: (error: unknown) => void): () => void;
}

/** The running process. */
export const processIo: PluginIo = {
  env: process.env,
  pid: process.pid,
  temporaryFolder: tmpdir(),
  heap: processHeap,
  get stdout() {
    return process.stdout;
  },
  get stderr() {
    return process.stderr;
  },
  onSignal(signal, listener) {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
  divertPrints(onText) {
    const undoConsole = divertConsole(onText);
    const before = process.listeners("warning");
    const onWarning = (warning: Error) => onText(`${warning.name}: ${warning.message}`);
    process.removeAllListeners("warning").on("warning", onWarning);
    return () => {
      undoConsole();
      process.off("warning", onWarning);
      for (const listener of before) process.on("warning", listener);
    };
  },
  onUncaught(listener) {
    process.on("uncaughtException", listener).on("unhandledRejection", listener);
    return () => process.off("uncaughtException", listener).off("unhandledRejection", listener);
  },
};

function divertConsole(onText: (text: string) => void): () => void {
  const print = (...values: unknown[]) => onText(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
  const methods = {
    log: console.log,
    info: console.info,
    debug: console.debug,
    warn: console.warn,
    error: console.error,
    trace: console.trace,
  };
  Object.assign(console, { log: print, info: print, debug: print, warn: print, error: print, trace: print });
  return () => void Object.assign(console, methods);
}

/**
 * The logger of a plugin process: JSON lines on stderr. When nobody reads stderr any more, as after the host was
 * killed and a new one took the plugin over, lines are dropped from then on.
 */
export function createPluginLogger(options: { readonly name?: string; readonly io?: PluginIo } = {}): Logger {
  const io = options.io ?? processIo;
  let readerGone = false;
  io.stderr.on("error", () => {
    readerGone = true;
  });
  const write = (line: string) => {
    if (!readerGone) io.stderr.write(line);
  };
  return createHclogLogger(write, options.name === undefined ? {} : { name: options.name });
}

import type { Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { GRPCController } from "../gen/plugin/go_plugin_pb.ts";
import { GoPluginError } from "../go-plugin-error.ts";
import { parseHandshakeLine } from "../handshake.ts";
import type { Environment, Handshake, PluginAddress } from "../handshake.ts";
import { createLogLineSplitter } from "../log/log-line-splitter.ts";
import type { LogEntry } from "../log/parse-log-line.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { PluginConnection } from "./connect-plugin.ts";
import { readFirstLine } from "./read-first-line.ts";

/** How a plugin is started. */
export interface LaunchOptions {
  /** Path of the executable; no shell. */
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Environment;
  readonly handshake: Handshake;
  /** Called for each line the plugin writes to stderr. */
  readonly onLog: (entry: LogEntry) => void;
  /** Time until the handshake. Default 60 s, as in Nomad. */
  readonly startTimeoutMs?: number;
  /** Ends the launch; a plugin that is launched already is not touched. */
  readonly signal: AbortSignal;
}

/** How a process ended: an exit code or the name of a signal. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running plugin. */
export interface PluginProcess extends AsyncDisposable {
  readonly pid: number;
  readonly address: PluginAddress;
  readonly transport: Transport;
  /** Settles when the process has ended and nobody holds its stdout or stderr any more. */
  readonly exited: Promise<ProcessExit>;
  /** Asks the plugin to end, kills it after two seconds, and waits for `exited`. */
  kill(): Promise<void>;
}

const killTimeoutMs = 2_000;

/**
 * Starts a plugin as Nomad does: cookie, port range and protocol version in its environment, handshake from
 * stdout, log from stderr. Rejects with a `GoPluginError` that says what was wrong, after the process is gone.
 */
export async function launchPlugin(options: LaunchOptions): Promise<PluginProcess> {
  options.signal.throwIfAborted();
  const child = spawn(options.command, options.args ?? [], { env: childEnvironment(options), stdio: ["ignore", "pipe", "pipe"] });
  const exited = waitExited(child);
  followLog(child, options.onLog);
  try {
    const line = await waitHandshakeLine(child, options);
    const address = parseHandshakeLine(line, options.handshake);
    // A host reads on, so that a plugin that prints does not block.
    child.stdout.resume();
    return pluginProcess({
      pid: child.pid ?? 0,
      address,
      exited,
      connection: connectPlugin(address),
      sigkill: () => child.kill("SIGKILL"),
    });
  } catch (error) {
    await endFailedLaunch(child, exited);
    throw error;
  }
}

function childEnvironment(options: LaunchOptions): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...options.env,
    [options.handshake.cookieKey]: options.handshake.cookieValue,
    PLUGIN_MIN_PORT: "10000",
    PLUGIN_MAX_PORT: "25000",
    PLUGIN_PROTOCOL_VERSIONS: String(options.handshake.protocolVersion),
  };
}

/** Processes of the plugin's own may hold its output open; a failed launch does not wait for them for long. */
async function endFailedLaunch(child: PluginChild, exited: Promise<ProcessExit>): Promise<void> {
  child.kill("SIGKILL");
  child.stdout.resume();
  const timer = setTimeout(() => {
    child.stdout.destroy();
    child.stderr.destroy();
  }, killTimeoutMs);
  await exited;
  clearTimeout(timer);
}

type PluginChild = ChildProcessByStdio<null, Readable, Readable>;

function waitExited(child: PluginChild): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
    // Reported by the wait for the handshake; a program that never ran has no close event.
    child.once("error", () => resolve({ code: null, signal: null }));
  });
}

function followLog(child: PluginChild, onLog: (entry: LogEntry) => void): void {
  const splitter = createLogLineSplitter();
  child.stderr.on("data", (chunk: Buffer) => splitter.push(chunk).forEach(onLog));
  child.stderr.once("end", () => splitter.end().forEach(onLog));
}

async function waitHandshakeLine(child: PluginChild, options: LaunchOptions): Promise<string> {
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  const stop = new AbortController();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new GoPluginError("launch-timeout", `plugin ${options.command}: no handshake on stdout within ${startTimeoutMs} ms`)),
    startTimeoutMs,
  );
  const onAbort = () => reject(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  child.once("error", (cause) =>
    reject(new GoPluginError("launch-failed", `plugin ${options.command} cannot be started: ${cause.message}`, { cause })),
  );
  child.once("exit", (code, signal) => {
    // What it wrote before it ended may still be in the pipe.
    setImmediate(() =>
      reject(new GoPluginError("launch-failed", `plugin ${options.command} ended before its handshake: ${signal ?? `exit code ${code}`}`)),
    );
  });
  try {
    return await Promise.race([readFirstLine(child.stdout, stop.signal), failed]);
  } finally {
    stop.abort();
    clearTimeout(timer);
    options.signal.removeEventListener("abort", onAbort);
  }
}

function pluginProcess(parts: {
  readonly pid: number;
  readonly address: PluginAddress;
  readonly exited: Promise<ProcessExit>;
  readonly connection: PluginConnection;
  readonly sigkill: () => void;
}): PluginProcess {
  const { connection, exited } = parts;
  let killed: Promise<void> | undefined;
  const kill = async () => {
    const asked = createClient(GRPCController, connection.transport)
      .shutdown({})
      .catch(() => {});
    const timer = setTimeout(parts.sigkill, killTimeoutMs);
    try {
      await Promise.race([exited, asked]);
      connection.close();
      await exited;
    } finally {
      clearTimeout(timer);
    }
  };
  void exited.then(() => connection.close());
  return {
    pid: parts.pid,
    address: parts.address,
    transport: connection.transport,
    exited,
    kill: () => (killed ??= kill()),
    async [Symbol.asyncDispose]() {
      await this.kill();
    },
  };
}

import { createServer } from "node:http2";
import type { Http2Server } from "node:http2";
import { codeOf, messageOf } from "@driver/std";
import { GoPluginError } from "../go-plugin-error.ts";
import { formatHandshakeLine, resolveStartMode } from "../handshake.ts";
import type { Handshake } from "../handshake.ts";
import type { Logger } from "../log/logger.ts";
import { processIo } from "../plugin-io.ts";
import type { PluginIo } from "../plugin-io.ts";
import { HeapTrimmer } from "./heap-trimmer.ts";
import { addPluginServices } from "./plugin-services.ts";
import { RpcServer } from "./rpc-server.ts";
import { RpcServices } from "./rpc-services.ts";
import { guardSessions } from "./session-guard.ts";
import type { SessionGuard } from "./session-guard.ts";
import { createSocketFolder } from "./socket-folder.ts";

/** How a plugin is served. */
export interface ServeOptions {
  readonly handshake: Handshake;
  /** Adds the plugin's own services. */
  readonly addServices: (services: RpcServices) => void;
  readonly logger: Logger;
  /** Default: the running process. */
  readonly io?: PluginIo;
  /** How long a plugin waits for its host's first call before it counts as orphaned. Default 90 s. */
  readonly connectTimeoutMs?: number;
}

/** Time that calls in progress get to end after Shutdown; hosts kill after two seconds. */
const closeTimeoutMs = 300;

/**
 * Serves a plugin until its host says Shutdown, a signal ends it, or it has lost its host; settles with the exit
 * code, after which the caller ends the process at once. Never rejects.
 *
 * - 0: Shutdown or SIGTERM. Tasks are not touched. SIGINT is ignored: Ctrl-C in a terminal reaches the whole
 *   process group, and the host decides.
 * - 1: not started by the host (a notice is on stderr), no socket, the handshake could not be written, nobody
 *   called within `connectTimeoutMs`, a session broke (see `isFatalSessionEnd`), or an error nobody caught.
 *
 * The process should run with `--disable-sigusr1`: otherwise the agent's signals open Node's inspector. The
 * agent's NODE_OPTIONS reach the plugin as well.
 */
export async function servePlugin(options: ServeOptions): Promise<number> {
  const io = options.io ?? processIo;
  const ignore = () => {};
  io.stderr.on("error", ignore);
  io.stdout.on("error", ignore);
  if (resolveStartMode(io.env, options.handshake) !== "plugin") {
    await writeText(io, "stderr", notice);
    return 1;
  }
  if (isSet(io.env["PLUGIN_CLIENT_CERT"])) {
    options.logger.error("PLUGIN_CLIENT_CERT is set, but this plugin does not speak mutual TLS: start it without AutoMTLS");
    return 1;
  }
  try {
    return await serve(options, io);
  } catch (error) {
    options.logger.error(`plugin cannot serve: ${messageOf(error)}`);
    return 1;
  }
}

const notice = `This program is a plugin. It is not meant to be started by hand.
Start the program that uses it; that one starts its plugins itself.
`;

async function serve(options: ServeOptions, io: PluginIo): Promise<number> {
  const folder = createSocketFolder({ parents: socketParents(io), pid: io.pid, logger: options.logger });
  const end = Promise.withResolvers<number>();
  const services = new RpcServices();
  addPluginServices(services, { onShutdown: () => end.resolve(0) });
  options.addServices(services);
  const calls = new RpcServer(services, options.logger);
  const server = createPluginServer();
  server.on("stream", calls.serve);
  using trimmer = new HeapTrimmer(io.heap);
  server.on("stream", (stream) => {
    trimmer.noteCall();
    stream.once("close", trimmer.noteCall);
  });
  // Such as no descriptor left for a further connection: the one in use goes on.
  server.on("error", (error) => options.logger.warn(`socket: ${error.message}`));
  const guard = guardSessions(server);
  const release = watchProcess({ options, io, guard, finish: end.resolve });
  try {
    await listen(server, folder.socketPath);
    await announce(io, options.handshake, folder.socketPath);
    const code = await end.promise;
    if (code === 0) await closeGently(server, { guard, calls });
    return code;
  } finally {
    release();
    calls.endCalls();
    guard.destroyAll();
    server.close();
    folder.remove();
  }
}

/** A first choice that is unusable, such as a path that is too long, must not keep the agent from starting. */
function socketParents({ env, temporaryFolder }: PluginIo): string[] {
  const wanted = [env["PLUGIN_UNIX_SOCKET_DIR"], env["TMPDIR"], temporaryFolder, "/tmp"].filter(isSet);
  return [...new Set(wanted)];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

/**
 * A session that is closed for the sake of a limit takes all tasks with it, so there are no limits. The client is
 * the agent, on a socket that only its user can open. (TLS options for AutoMTLS would enter here.)
 */
function createPluginServer(): Http2Server {
  const unlimited = 0xffff_ffff;
  return createServer({
    streamResetBurst: 1_000_000,
    streamResetRate: 1_000_000,
    maxSessionMemory: 4_096,
    maxSessionInvalidFrames: unlimited,
    maxSessionRejectedStreams: unlimited,
    settings: { maxConcurrentStreams: unlimited },
  });
}

async function listen(server: Http2Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(path, resolve);
  try {
    await promise;
  } catch (error) {
    throw new GoPluginError("serve-failed", `cannot listen on ${path}`, { cause: error });
  } finally {
    server.off("error", reject);
  }
}

/** After this line stdout is silent for good. A host that died while it launched us does not take it. */
async function announce(io: PluginIo, handshake: Handshake, socketPath: string): Promise<void> {
  const announceMultiplexing = isSet(io.env["PLUGIN_MULTIPLEX_GRPC"]);
  const line = formatHandshakeLine({ socketPath, protocolVersion: handshake.protocolVersion, announceMultiplexing });
  const error = await writeText(io, "stdout", line);
  if (error) throw new GoPluginError("serve-failed", "the handshake could not be written to stdout", { cause: error });
}

function writeText(
  io: { readonly stdout: PluginIo["stdout"]; readonly stderr: PluginIo["stderr"] },
  stream: "stdout" | "stderr",
  text: string,
): Promise<Error | undefined> {
  return new Promise((resolve) => io[stream].write(text, (error) => resolve(error ?? undefined)));
}

function watchProcess(watch: {
  readonly options: ServeOptions;
  readonly io: PluginIo;
  readonly guard: SessionGuard;
  readonly finish: (code: number) => void;
}): () => void {
  const { options, io, guard, finish } = watch;
  const fail = (message: string) => {
    options.logger.error(message);
    finish(1);
  };
  const connectTimeoutMs = options.connectTimeoutMs ?? 90_000;
  const orphaned = setTimeout(() => fail(`no host called within ${connectTimeoutMs} ms, plugin ends`), connectTimeoutMs);
  void guard.connected.then(() => clearTimeout(orphaned));
  void guard.broken.then((error) => fail(`the host's connection broke (${error.message}); plugin ends so that its tasks are recovered`));
  const undo = [
    io.onSignal("SIGINT", () => {}),
    io.onSignal("SIGTERM", () => finish(0)),
    io.divertPrints((text) => options.logger.debug(text)),
    io.onUncaught((error) => {
      if (isLateStreamError(error)) options.logger.debug(`late stream error: ${String(error)}`);
      else fail(`uncaught error, plugin ends: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }),
  ];
  return () => {
    clearTimeout(orphaned);
    for (const step of undo) step();
  };
}

/** After a cancel, streams report once more that they are gone; nobody waits for them. */
function isLateStreamError(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ERR_STREAM_PREMATURE_CLOSE" || code.startsWith("ERR_HTTP2_") || code === "ERR_STREAM_WRITE_AFTER_END";
}

/** Sessions are closed, not destroyed: a destroyed one makes the agent log an error. */
async function closeGently(server: Http2Server, open: { readonly guard: SessionGuard; readonly calls: RpcServer }): Promise<void> {
  server.close();
  const closed = open.guard.closeAll();
  open.calls.endCalls();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, closeTimeoutMs);
  await Promise.race([closed, promise]);
  clearTimeout(timer);
}

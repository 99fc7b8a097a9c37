import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import type { ClientHttp2Session } from "node:http2";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import type { Environment } from "../src/index.ts";
import { testHandshake } from "./test-handshake.ts";

/** How a plugin process ended, with all it wrote. */
export interface PluginEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A plugin process that a test watches from outside, without the client side of this package. */
export interface PluginRun extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<PluginEnd>;
  readonly stdout: NodeJS.ReadableStream & { destroy(): unknown };
  readonly stderr: NodeJS.ReadableStream & { destroy(): unknown };
  /** The handshake line without newline. */
  handshake(): Promise<string>;
  socketPath(): Promise<string>;
  signal(name: NodeJS.Signals): void;
  closeStdin(): void;
}

/** Starts the test plugin; disposing it kills what is left of it. */
export function runPlugin(env: Environment = {}): PluginRun {
  const program = join(import.meta.dirname, "plugin-program.ts");
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, [testHandshake.cookieKey]: testHandshake.cookieValue, ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<PluginEnd>((resolve) => child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr })));
  const handshake = async () => {
    while (!stdout.includes("\n")) {
      const end = await Promise.race([once(child.stdout, "data"), ended]);
      if (!Array.isArray(end)) throw new Error(`plugin ended with ${end.code}: ${end.stderr}`);
    }
    return stdout.slice(0, stdout.indexOf("\n"));
  };
  return {
    pid: child.pid ?? 0,
    ended,
    stdout: child.stdout,
    stderr: child.stderr,
    handshake,
    socketPath: async () => (await handshake()).split("|")[3] ?? "",
    signal: (name) => child.kill(name),
    closeStdin: () => child.stdin.end(),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Whether the plugin's socket or its folder is still there. */
export function isSocketLeft(socketPath: string): boolean {
  return existsSync(socketPath) || existsSync(dirname(socketPath));
}

/** A bare HTTP/2 client session on the plugin's socket. */
export function openSession(socketPath: string): ClientHttp2Session {
  const session = connectHttp2("http://unused", { createConnection: () => connect(socketPath) });
  session.on("error", () => {});
  return session;
}

/** The answer to one bare gRPC request with an empty message. */
export interface RawAnswer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>> | undefined;
  readonly body: Buffer;
}

/** Sends one gRPC message, by default an empty one, and waits for the end of the answer. */
export async function callRaw(session: ClientHttp2Session, path: string, message: Uint8Array = Buffer.alloc(0)): Promise<RawAnswer> {
  const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" });
  stream.end(grpcFrame(message));
  let trailers: RawAnswer["trailers"];
  stream.on("trailers", (values) => (trailers = { ...values }));
  const [headers] = await once(stream, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { headers: { ...headers }, trailers, body: Buffer.concat(chunks) };
}

/** A message with gRPC's five bytes before it. */
export function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

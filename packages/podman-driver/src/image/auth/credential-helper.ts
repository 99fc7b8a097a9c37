import { spawn } from "node:child_process";
import type { RegistryLogin } from "@driver/libpod";
import { dockerHub } from "../../config/registry-key.ts";
import { isShortage } from "../../host/proc-files.ts";

/** Longest time for one answer. Some helpers ask a cloud. */
export const helperDeadlineMs = 10_000;
/** For what a helper has printed to arrive, once it has ended while something that it started keeps its output open. */
const lateOutputMs = 500;
/** What may follow docker-credential-. */
export const helperName = /^[\w.+-]+$/;
/** Tokens of clouds have tens of kilobytes. */
const maxOutputBytes = 256 * 1024;
const notFound = /credentials not found/i;
/** The user name that says that the secret is an identity token (docker-credential-helpers). */
const tokenUser = "<token>";

export interface HelperOptions {
  /** Default `helperDeadlineMs`. */
  readonly deadlineMs?: number;
  readonly signal: AbortSignal;
}

/** A helper has not given what it should. Holds nothing of what may be a secret. */
export class HelperError extends Error {
  override readonly name = "HelperError";
  /** True: another try may help. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean) {
    super(message);
    this.mayPass = mayPass;
  }
}

/** How helpers know a registry: Docker's own name for Docker Hub. */
export function toHelperServer(host: string): string {
  return host === dockerHub ? "https://index.docker.io/v1/" : host;
}

/**
 * Asks `docker-credential-<name> get` for a registry. Undefined: it has nothing for it.
 * @throws HelperError; rejects with the signal's reason
 */
export async function askHelper(name: string, server: string, options: HelperOptions): Promise<RegistryLogin | undefined> {
  const program = `docker-credential-${name}`;
  if (!helperName.test(name)) {
    throw new HelperError(`${program} is no name of a program; write the part behind docker-credential-, e.g. ecr-login`, false);
  }
  const { code, stdout, stderr } = await runHelper(program, server, options);
  if (code !== 0) {
    if (notFound.test(stdout) || notFound.test(stderr)) return undefined;
    // Helpers say on stdout what is wrong, where a secret would be as well: what looks like one is not shown.
    const said = firstLine(stderr) || (stdout.includes("{") ? "" : firstLine(stdout));
    throw new HelperError(`${program} ended with code ${code}${said === "" ? "" : `: ${said}`}`, true);
  }
  return decodeAnswer(stdout, program);
}

function decodeAnswer(stdout: string, program: string): RegistryLogin | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw new HelperError(`${program} printed no JSON`, false);
  }
  const { Username: username, Secret: secret } = (answer ?? {}) as { readonly Username?: unknown; readonly Secret?: unknown };
  if (typeof username !== "string" || typeof secret !== "string") {
    throw new HelperError(`${program} printed JSON without Username and Secret`, false);
  }
  if (secret === "" && username === "") return undefined;
  return username === tokenUser ? { identityToken: secret } : { username, password: secret };
}

interface HelperResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a process group of its own, so that all it started ends with it. */
function runHelper(program: string, input: string, { deadlineMs = helperDeadlineMs, signal }: HelperOptions): Promise<HelperResult> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], { stdio: ["pipe", "pipe", "pipe"], detached: true });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let bytes = 0;
    let late: NodeJS.Timeout | undefined;
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      clearTimeout(late);
      signal.removeEventListener("abort", abort);
      outcome();
    };
    const give = (reason: unknown): void => {
      settle(() => reject(reason));
      killGroup(child.pid);
    };
    const abort = (): void => give(signal.reason);
    const timer = setTimeout(() => give(new HelperError(`${program} gave no answer within ${deadlineMs / 1000} s`, true)), deadlineMs);
    signal.addEventListener("abort", abort, { once: true });
    // Listened for before anything else: nobody else would, and it would end the plugin.
    child.once("error", (error: NodeJS.ErrnoException) => {
      give(new HelperError(`${program} cannot be run: ${toReason(error)}`, isShortage(error) || error.code === "EAGAIN"));
    });
    // Where no descriptor is left it has no streams.
    const streams: Partial<Pick<typeof child, "stdin" | "stdout" | "stderr">> = child;
    for (const name of ["stdout", "stderr"] as const) {
      streams[name]?.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxOutputBytes) give(new HelperError(`${program} printed more than ${maxOutputBytes} bytes`, false));
        else output[name].push(chunk);
      });
    }
    const end = (code: number | null): void =>
      settle(() =>
        resolve({ code: code ?? 137, stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString() }),
      );
    child.once("close", end);
    // An agent of keys that it has left behind may hold its output for ever.
    child.once("exit", (code) => {
      late = setTimeout(() => {
        end(code);
        for (const name of ["stdout", "stderr"] as const) streams[name]?.destroy();
      }, lateOutputMs);
    });
    // One that ends without reading is judged by its code.
    streams.stdin?.on("error", () => undefined).end(input);
  });
}

function toReason({ code, message }: NodeJS.ErrnoException): string {
  return code === "ENOENT" ? "it is not in the plugin's PATH" : message;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function firstLine(text: string): string {
  return (text.trim().split("\n")[0] ?? "").slice(0, 200);
}

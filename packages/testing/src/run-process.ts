import { spawn } from "node:child_process";

export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: Uint8Array;
  /** Whose process it is. Default: this one's. */
  readonly user?: ProcessUser | undefined;
  /** An abort kills the process; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Runs a program to its end and collects what it printed. The code is 127 when it is not there, 128 + 9 when killed. */
export function runProcess(command: string, args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
  options.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const { env, user } = options;
    const asUser = user === undefined ? {} : { uid: user.uid, gid: user.gid };
    const child = spawn(command, args, { stdio: "pipe", ...asUser, ...(env !== undefined && { env }) });
    const kill = () => child.kill("SIGKILL");
    options.signal.addEventListener("abort", kill, { once: true });
    const output: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    child.stdout.on("data", (chunk: Buffer) => output.stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.stderr.push(chunk));
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin);
    const settle = (code: number, extra: string) => {
      options.signal.removeEventListener("abort", kill);
      if (options.signal.aborted) reject(options.signal.reason);
      else resolve({ code, stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString() + extra });
    };
    child.once("error", (error) => settle(127, error.message));
    child.once("close", (code) => settle(code ?? 137, ""));
  });
}

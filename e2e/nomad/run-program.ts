import { spawn } from "node:child_process";
import { once } from "node:events";

/** What a program printed, byte for byte. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Written to its standard input, which then ends. Default nothing. */
  readonly stdin?: Uint8Array;
  /** Called with all of stdout so far when there is more. */
  readonly onOutput?: (stdout: Buffer) => void;
  /** An abort kills it; the code is null then. */
  readonly signal: AbortSignal;
}

/** Runs a program to its end. */
export async function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const child = spawn(program, args, { stdio: "pipe", env: options.env });
  const kill = (): boolean => child.kill("SIGKILL");
  options.signal.addEventListener("abort", kill, { once: true });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout.push(chunk);
    options.onOutput?.(Buffer.concat(stdout));
  });
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  // A program that ends without reading its input is judged by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin);
  try {
    const [code]: unknown[] = await once(child, "close");
    return { code: typeof code === "number" ? code : null, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  } finally {
    options.signal.removeEventListener("abort", kill);
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import assert from "node:assert/strict";

import { testSetting } from "@driver/testing";

/** What a command line did. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Called whenever the command has written something. */
  readonly onOutput?: (running: RunningCli) => void;
}

/** A command that has not ended. */
export interface RunningCli {
  /** Everything written so far. */
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
  /** Its temporary folder, where the allocations are. */
  readonly temporaryPath: string;
  kill(signal: NodeJS.Signals): void;
}

/** A folder for one test: job files are written to it, and it is the temporary folder of the commands that run. */
export class CliWorkplace implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<CliWorkplace> {
    return new CliWorkplace(await makePassable(join(testSetting("TEST_SCRATCH"), "cli-")));
  }

  /** Writes a file and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, text);
    return path;
  }

  /** Runs the built executable; its temporary folder must be empty when it has ended. */
  async run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    const temporary = await makePassable(join(this.path, "tmp-"));
    const env = { ...process.env, TMPDIR: temporary, ...options.env };
    const child = spawn(testSetting("TEST_PLUGIN"), args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    const { pid = 0 } = child;
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
        options.onOutput?.({ ...output, pid, temporaryPath: temporary, kill });
      });
    }
    const [code]: unknown[] = await once(child, "close");
    assert.deepEqual(await readdir(temporary), [], "left in the temporary folder");
    return { ...output, code: typeof code === "number" ? code : null };
  }

  /** `run` with the test engine's socket. */
  async runJob(jobPath: string, options: CliOptions = {}): Promise<CliResult> {
    return this.run(["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), jobPath], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

/** A folder with this beginning that all can pass through, as through /tmp: the Podman of an ordinary user has to. */
async function makePassable(prefix: string): Promise<string> {
  const path = await mkdtemp(prefix);
  await chmod(path, 0o711);
  return path;
}

/** Sends SIGINT once for each of these states of stdout, in turn. */
export function sendAfter(...states: readonly string[]): NonNullable<CliOptions["onOutput"]> {
  const waiting = [...states];
  return ({ stdout, kill }) => {
    if (stdout !== waiting[0]) return;
    waiting.shift();
    kill("SIGINT");
  };
}

/** Names of the containers that the test engine has of the allocations that a run has told of; other files run jobs at the same time. */
export async function listContainersOf({ stderr }: Pick<CliResult, "stderr">): Promise<readonly string[]> {
  const ids = [...stderr.matchAll(/: allocation ([0-9a-f]{8})/g)].map(([, id]) => `-${id}`);
  assert.notEqual(ids.length, 0, stderr);
  return listContainers(...ids);
}

/** Names of the containers on the test engine that carry one of `markers` in their names. */
export async function listContainers(...markers: readonly string[]): Promise<readonly string[]> {
  const call = request({ socketPath: testSetting("TEST_PODMAN_SOCKET"), path: "/v4.0.0/libpod/containers/json?all=true" });
  call.end();
  const [response] = await once(call, "response");
  const containers: unknown = await json(response);
  assert(Array.isArray(containers));
  return containers
    .map((container: { readonly Names: readonly string[] }) => container.Names.join())
    .filter((name) => markers.some((marker) => name.includes(marker)));
}

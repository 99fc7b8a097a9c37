import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { until } from "@driver/testing";

import { findAgentPorts } from "../find-agent-ports.ts";

const run = promisify(execFile);
const startTimeoutMs = 120_000;

/** Nomad's verdict on a job file. */
export interface NomadAnswer {
  readonly isValid: boolean;
  /** Its reason, shortened. */
  readonly reason: string;
}

/** A job as a file. */
export interface NomadQuestion {
  readonly text: string;
  /** Absent: HCL. */
  readonly format?: "hcl" | "json";
}

/** A Nomad server of its own, without clients, which says whether it would take a job. */
export class NomadServer implements AsyncDisposable {
  readonly #nomad: string;
  readonly #folder: string;
  readonly #address: string;
  readonly #process: ChildProcess;

  private constructor(parts: {
    readonly nomad: string;
    readonly folder: string;
    readonly address: string;
    readonly process: ChildProcess;
  }) {
    this.#nomad = parts.nomad;
    this.#folder = parts.folder;
    this.#address = parts.address;
    this.#process = parts.process;
  }

  /** Settles when it answers. `nomad` is the program. */
  static async start(nomad: string): Promise<NomadServer> {
    const folder = await mkdtemp(join(tmpdir(), "oracle-"));
    const ports = await findAgentPorts();
    const path = join(folder, "agent.hcl");
    await writeFile(path, renderConfig(folder, ports));
    const process = spawn(nomad, ["agent", "-config", path], { stdio: "ignore", env: ownEnv(folder) });
    const server = new NomadServer({ nomad, folder, address: `http://127.0.0.1:${ports.http}`, process });
    try {
      // Without a leader Nomad's command line would judge by itself, which is less than a server asks.
      await until(() => server.#hasLeader(), startTimeoutMs);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Asks about each of these jobs, in turn. */
  async ask(questions: readonly NomadQuestion[]): Promise<readonly NomadAnswer[]> {
    const answers: NomadAnswer[] = [];
    for (const question of questions) answers.push(await this.#askOne(question));
    return answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGKILL");
      await ended;
    }
    await rm(this.#folder, { recursive: true });
  }

  async #hasLeader(): Promise<boolean> {
    const answer = await fetch(`${this.#address}/v1/status/leader`).catch(() => undefined);
    return answer !== undefined && answer.ok && (await answer.text()) !== '""';
  }

  async #askOne({ text, format }: NomadQuestion): Promise<NomadAnswer> {
    const path = join(this.#folder, "job.nomad.hcl");
    await writeFile(path, text);
    try {
      const flags = format === "json" ? ["-json"] : [];
      const env = { ...ownEnv(this.#folder), NOMAD_ADDR: this.#address };
      await run(this.#nomad, ["job", "validate", ...flags, path], { env });
      return { isValid: true, reason: "" };
    } catch (error) {
      if (!hasAnswered(error)) throw error;
      const { stdout = "", stderr = "" } =
        error instanceof Error ? (error as Error & { readonly stdout?: string; readonly stderr?: string }) : {};
      return { isValid: false, reason: toReason(`${stdout}\n${stderr}`) };
    }
  }
}

/** Nothing else of this user's: his cluster's address or his cloud would change what it does. */
function ownEnv(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], TMPDIR: process.env["TMPDIR"], HOME: folder };
}

function renderConfig(folder: string, ports: Awaited<ReturnType<typeof findAgentPorts>>): string {
  const named = Object.entries(ports);
  return `bind_addr            = "127.0.0.1"
data_dir             = "${folder}/data"
disable_update_check = true

ports {
${named.map(([name, port]) => `  ${name} = ${port}`).join("\n")}
}

advertise {
${named.map(([name]) => `  ${name} = "127.0.0.1"`).join("\n")}
}

server {
  enabled          = true
  bootstrap_expect = 1
}
`;
}

/** Whether a program that failed has run at all. */
export function hasAnswered(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

function toReason(output: string): string {
  if (/^goroutine \d+ \[/m.test(output)) return "it crashes";
  const lead = /^\s*\*?\s*(?:Error getting job struct: Failed to parse JSON job: )?/;
  const lines = output.split("\n").map((line) => line.replace(lead, "").trim());
  return (
    lines.filter((line) => line !== "" && !/^Driver configuration|errors?:? ?(?:occurred:)?$|^Error getting job/.test(line)).at(-1) ?? ""
  );
}

/** The first line of `nomad version`. */
export async function readNomadVersion(nomad: string): Promise<string> {
  return (await run(nomad, ["version"])).stdout.split("\n")[0] ?? "";
}

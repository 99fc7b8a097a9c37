import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { requestEngine, until } from "@driver/testing";
import { decodeAllocation, findExit, type AllocationReport, type TaskExit } from "./allocation.ts";
import { renderJobFile, taskName, type JobWish } from "./job-file.ts";
import { fieldOf, numberOf, textOf } from "./json-fields.ts";
import type { NomadAgent } from "./nomad-agent.ts";

const placeTimeoutMs = 20_000;
const runTimeoutMs = 60_000;
const exitTimeoutMs = 60_000;

/** The shell's words for: wait until the test calls `release`. */
export const untilReleased = "until [ -e /alloc/data/released ]; do sleep 0.05; done";

/** What a container is, as Podman tells. */
export interface ContainerState {
  /** "" when there is none. */
  readonly status: string;
  readonly pid: number;
}

/** An allocation on a running agent. */
export class LiveAllocation {
  readonly id: string;
  readonly jobName: string;
  readonly #agent: NomadAgent;
  readonly #task: string;

  /** `task` is the one that is looked at. */
  constructor(agent: NomadAgent, id: string, job: { readonly name: string; readonly task: string }) {
    this.#agent = agent;
    this.id = id;
    this.jobName = job.name;
    this.#task = job.task;
  }

  async report(): Promise<AllocationReport> {
    return decodeAllocation(await this.#agent.api.get(`/v1/allocation/${this.id}`), this.#task);
  }

  /** Settles when the log holds `words`. Nomad's collector may still have the last of them when it has reported the end. */
  async untilPrinted(words: string, stream: "stdout" | "stderr" = "stdout"): Promise<void> {
    await until(async () => (await this.readLog(stream)).includes(words), runTimeoutMs);
  }

  /** Settles when Nomad has reported the end of the allocation. Default limit: 60 s. */
  async untilExit(timeoutMs = exitTimeoutMs): Promise<TaskExit> {
    let exit: TaskExit | undefined;
    await until(async () => {
      const report = await this.report();
      exit = ["complete", "failed"].includes(report.status) ? findExit(report) : undefined;
      return exit !== undefined;
    }, timeoutMs);
    if (exit === undefined) throw new Error(`Allocation ${this.id} has no end.`);
    return exit;
  }

  /** Settles with the allocation's last status, be it that its task never started. */
  async untilOver(timeoutMs: number): Promise<string> {
    let status = "";
    await until(async () => {
      ({ status } = await this.report());
      return ["complete", "failed"].includes(status);
    }, timeoutMs);
    return status;
  }

  /** What is in the files that `nomad alloc logs` reads. */
  async readLog(stream: "stdout" | "stderr"): Promise<Buffer> {
    const folder = join(this.#agent.allocFolder(this.id), "logs");
    const prefix = `${this.#task}.${stream}.`;
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(prefix));
    const sorted = names.toSorted((left, right) => Number(left.slice(prefix.length)) - Number(right.slice(prefix.length)));
    return Buffer.concat(await Promise.all(sorted.map((name) => readFile(join(folder, name)))));
  }

  /** A file that the task has written to /alloc/data. */
  async readData(name: string): Promise<Buffer> {
    return readFile(join(this.#agent.allocFolder(this.id), "data", name));
  }

  /** Lets a script go on that waits with `untilReleased`. */
  async release(): Promise<void> {
    await writeFile(join(this.#agent.allocFolder(this.id), "data", "released"), "");
  }

  /** Has Nomad stop the job; settles when Nomad has taken the order. */
  async stopJob(): Promise<void> {
    await this.#agent.api.delete(`/v1/job/${this.jobName}`);
  }

  /** Kills the task's first process, as somebody on the host might. */
  async killFromOutside(): Promise<void> {
    const { pid } = await this.readContainer();
    if (pid <= 0) throw new Error(`The container of allocation ${this.id} has no process to kill.`);
    process.kill(pid, "SIGKILL");
  }

  /** Asks Podman. */
  async readContainer(): Promise<ContainerState> {
    const path = `/containers/${this.#task}-${this.id}/json`;
    const answer = await requestEngine(this.#agent.socketPath, { method: "GET", path, signal: AbortSignal.timeout(20_000) });
    if (answer.status === 404) return { status: "", pid: 0 };
    const state = fieldOf(JSON.parse(answer.text), "State");
    return { status: textOf(state, "Status"), pid: numberOf(state, "Pid") };
  }
}

/** Runs a job. Settles when all its allocations have been placed, in the order of their numbers. */
export async function startJob(agent: NomadAgent, wish: JobWish): Promise<readonly LiveAllocation[]> {
  return startJobFile(agent, { name: wish.name, task: taskName, count: wish.count ?? 1, text: renderJobFile(wish) });
}

/** A job file with one group of one task. */
export interface JobFile {
  readonly name: string;
  readonly task: string;
  /** Of its group. */
  readonly count: number;
  readonly text: string;
}

/** Like `startJob`, for a file. */
export async function startJobFile(agent: NomadAgent, file: JobFile): Promise<readonly LiveAllocation[]> {
  const job = await agent.api.post("/v1/jobs/parse", { JobHCL: file.text, Canonicalize: true });
  await agent.api.post("/v1/jobs", { Job: job });
  let placed: readonly unknown[] = [];
  await until(async () => {
    const answer = await agent.api.get(`/v1/job/${file.name}/allocations`);
    placed = Array.isArray(answer) ? answer : [];
    return placed.length === file.count;
  }, placeTimeoutMs);
  const numbered = placed.map((one) => ({ id: textOf(one, "ID"), index: Number(/\[(\d+)\]$/.exec(textOf(one, "Name"))?.[1]) }));
  return numbered.toSorted((left, right) => left.index - right.index).map(({ id }) => new LiveAllocation(agent, id, file));
}

/** Like `startJob`, for a job of one allocation. */
export async function startTask(agent: NomadAgent, wish: JobWish): Promise<LiveAllocation> {
  const [allocation] = await startJob(agent, wish);
  if (allocation === undefined) throw new Error(`Job ${wish.name} has no allocation.`);
  return allocation;
}

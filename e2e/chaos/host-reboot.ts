import { randomUUID } from "node:crypto";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { until, type Engine } from "@driver/testing";
import type { Agent } from "./agent.ts";
import { listCgroups, listMounts, listProcesses } from "./census.ts";
import { anyBeginning, type Verdict } from "./judge-life.ts";
import { checkSequence } from "./log-sequence.ts";
import type { PodmanService } from "./podman-service.ts";
import { TaskLife, type LifeReport } from "./task-life.ts";
import { drawScript, type TaskScript } from "./task-script.ts";
import type { SeededRandom } from "@driver/testing";

const run = promisify(execFile);
const bootIdFile = "/proc/sys/kernel/random/boot_id";

export interface RebootOptions {
  readonly agent: Agent;
  readonly service: PodmanService;
  readonly engine: Engine;
  readonly storage: string;
  readonly scratch: string;
  readonly tasks: number;
  readonly random: SeededRandom;
}

/**
 * Runs tasks, takes everything from them that a reboot of the host takes (processes, cgroups, mounts, Podman's volatile folders, the
 * boot id), and lets the agent recover them. None of them may be reported as successful, and none may be kept.
 */
export async function rebootHost(options: RebootOptions): Promise<{ readonly tasks: number; readonly verdicts: readonly Verdict[] }> {
  const { agent, service, random, scratch } = options;
  const parent = join(scratch, "before-reboot");
  await mkdir(parent);
  const lives = Array.from(
    { length: options.tasks },
    () => new TaskLife(agent, { script: drawLasting(random), parent, stopAfterMs: undefined, stopTimeoutMs: 0 }),
  );
  const living = lives.map((life) => life.live());
  await until(() => lives.every((life) => life.isStarted), 90_000);
  await sleep(random.between(0, 1500));
  const resume = await agent.halt();
  await service.kill();
  await loseEverythingVolatile(options);
  await service.start();
  await resume();
  const reports = await Promise.all(living);
  return { tasks: reports.length, verdicts: reports.flatMap((report) => judgeRebooted(report)) };
}

function drawLasting(random: SeededRandom): TaskScript {
  for (;;) {
    const script = drawScript(random);
    if (script.lines === undefined) return script;
  }
}

function judgeRebooted(life: LifeReport): Verdict[] {
  const verdicts: Verdict[] = [];
  const { exitCode, error = "" } = life.result ?? { exitCode: 0, error: life.failure };
  if (exitCode === 0 || !error.includes("rebooted")) {
    verdicts.push({ kind: "exit code", text: `task ${life.allocId}: after a reboot it was reported with ${exitCode} ${error}` });
  }
  for (const stream of ["stdout", "stderr"] as const) {
    const { problem } = checkSequence(life.logs[stream], anyBeginning(life.script, stream, life.printed), {
      kills: life.pluginKills,
      repeatBytes: 64 * 1024,
    });
    if (problem !== undefined) {
      verdicts.push({ kind: "log", text: `task ${life.allocId}: after a reboot its ${stream} is wrong: ${problem}` });
    }
  }
  return verdicts;
}

async function loseEverythingVolatile({ engine, storage }: RebootOptions): Promise<void> {
  const folder = dirname(engine.socketPath);
  const isAnyLeft = (): boolean => {
    const pids = listProcesses().map((line) => Number(line.split(" ")[0]));
    for (const pid of pids) killQuietly(pid);
    return pids.length > 0;
  };
  await until(() => !isAnyLeft());
  for (const path of listMounts([folder, storage]).toSorted((a, b) => b.length - a.length)) await run("umount", ["--lazy", path]);
  for (const path of listCgroups("/sys/fs/cgroup").toSorted((a, b) => b.length - a.length)) await rmdir(path).catch(() => undefined);
  for (const name of ["run", "tmp"]) {
    for (const entry of await readdir(join(folder, name))) await rm(join(folder, name, entry), { recursive: true, force: true });
  }
  for (const name of readdirSync("/dev/shm")) await rm(join("/dev/shm", name), { force: true });
  await changeBootId(folder);
}

/** The kernel tells every process of this world another boot id from here on. */
async function changeBootId(folder: string): Promise<void> {
  const file = join(folder, "boot_id");
  const former = readFileSync(bootIdFile, "utf8");
  await writeFile(file, `${randomUUID()}\n`);
  await run("mount", ["--bind", file, bootIdFile]);
  if (readFileSync(bootIdFile, "utf8") === former) throw new Error("the boot id cannot be changed here");
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just gone.
  }
}

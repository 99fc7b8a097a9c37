import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { OrdinaryUser } from "./ordinary-user.ts";
import { runProcess } from "./run-process.ts";

/** What is needed to undo an engine, also one that is only half up. */
export interface EngineRemains {
  readonly folder: string;
  readonly storage: string;
  readonly podman: string;
  /** Whose engine it is, where that is not root's. */
  readonly user?: OrdinaryUser | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly service: ChildProcess | undefined;
}

const stepTimeoutMs = 15_000;

/** Removes containers (with their networks and groups), the service, stray conmon processes, mounts and folders. */
export async function stopEngine(remains: EngineRemains): Promise<void> {
  if (remains.service !== undefined) {
    await podman(remains, ["rm", "--all", "--force", "--time", "0", "--volumes"]);
    await podman(remains, ["pod", "rm", "--all", "--force"]);
    await endProcess(remains.service);
  }
  for (const pid of listProcessesNaming(remains.folder)) killProcess(pid, "SIGKILL");
  // The process that keeps a user's namespaces is named by nothing.
  if (remains.user !== undefined) for (const pid of listProcessesOf(remains.user.uid)) killProcess(pid, "SIGKILL");
  for (const mountPoint of listMountsBelow([remains.folder, remains.storage])) {
    await runProcess("umount", ["--lazy", mountPoint], { signal: AbortSignal.timeout(stepTimeoutMs) }).catch(() => undefined);
  }
  await rm(join(remains.storage, "libpod"), { recursive: true, force: true });
  await rm(remains.folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Nothing that fails here may keep the later steps from being taken: they end the same things by force. */
async function podman(remains: EngineRemains, args: readonly string[]): Promise<void> {
  const { env, user } = remains;
  await runProcess(remains.podman, args, { env, user, signal: AbortSignal.timeout(stepTimeoutMs) }).catch(() => undefined);
}

async function endProcess(child: ChildProcess): Promise<void> {
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  child.kill("SIGTERM");
  for (let waitedMs = 0; !hasEnded() && waitedMs < 3000; waitedMs += 10) await delay(10);
  while (!hasEnded()) {
    child.kill("SIGKILL");
    await delay(10);
  }
}

/** conmon and Podman's clean-up commands carry the engine's folder in their arguments. Our own process is left out. */
export function listProcessesNaming(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => readText(`/proc/${name}/cmdline`).split("\0").some((argument) => argument.startsWith(`${folder}/`)))
    .map(Number);
}

/** Those of this process's namespace alone. */
function listProcessesOf(uid: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && new RegExp(`^Uid:\\t${uid}\\t`, "m").test(readText(`/proc/${pid}/status`)));
}

/** Mount points below the folders, deepest first. */
export function listMountsBelow(folders: readonly string[]): string[] {
  return readText("/proc/self/mountinfo")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    .toSorted((a, b) => b.length - a.length);
}

function killProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { encodeMsgpack, type NetworkIsolationSpec, type TaskConfig } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { plainTask, testSetting, type SeededRandom } from "@driver/testing";
import type { Agent } from "./agent.ts";
import type { Verdict } from "./judge-life.ts";
import { chaosNodeId, hasGone } from "./task-life.ts";

const run = promisify(execFile);
const callTimeoutMs = 90_000;
const taskNames = ["a", "b"] as const;
/** Below those that the kernel gives to connections by itself. */
const firstPort = 15_000;

export interface GroupRunOptions {
  readonly agent: Agent;
  readonly random: SeededRandom;
  /** Existing folder that the allocations are made in. */
  readonly parent: string;
  readonly groups: number;
  readonly atOnce: number;
}

export interface GroupReport {
  /** Deaths of the plugin meanwhile. */
  readonly kills: number;
  /** Groups with a call that such a death has broken off. What they leave is the reaper's. */
  readonly lost: number;
  readonly verdicts: readonly Verdict[];
}

interface GroupWishes {
  readonly allocId: string;
  /** The driver connects the network and publishes this port; undefined: that is left to the host. */
  readonly hostPort: number | undefined;
  readonly livesForMs: number;
}

/**
 * Lives allocations with a pod of two tasks each, while the plugin is killed at random from the making of a network to its removal, and
 * one more that no kill breaks off.
 */
export async function runGroups({ agent, random, parent, groups, atOnce }: GroupRunOptions): Promise<GroupReport> {
  await mkdir(parent);
  const stop = new AbortController();
  const wishes = Array.from(
    { length: groups },
    (_, index): GroupWishes => ({
      allocId: randomUUID(),
      hostPort: index % 2 === 0 ? firstPort + index : undefined,
      livesForMs: random.between(0, 1500),
    }),
  );
  const killing = killPlugins(agent, random.fork(), stop.signal);
  const outcomes: GroupOutcome[] = [];
  const worker = async (): Promise<void> => {
    for (let next = wishes.shift(); next !== undefined; next = wishes.shift()) outcomes.push(await live(agent, parent, next));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  stop.abort();
  const kills = await killing;
  // Tells the last plugin its node, without which it looks for nothing that is lost.
  outcomes.push(await live(agent, parent, { allocId: randomUUID(), hostPort: undefined, livesForMs: 0 }));
  return {
    kills,
    lost: outcomes.filter((outcome) => outcome === "lost").length,
    verdicts: outcomes.filter((outcome) => typeof outcome === "object"),
  };
}

type GroupOutcome = "lived" | "lost" | Verdict;

async function killPlugins(agent: Agent, random: SeededRandom, signal: AbortSignal): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    await sleep(random.between(500, 8000), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return kills;
    await agent.killPlugin();
  }
}

async function live(agent: Agent, parent: string, { allocId, hostPort, livesForMs }: GroupWishes): Promise<GroupOutcome> {
  const allocDir = join(parent, allocId);
  const tasks = taskNames.map((name) => toTask(name, { allocId, allocDir }));
  for (const task of tasks) await makeFolders(task);
  const plugin = await agent.current();
  const { driver } = plugin;
  const soon = (): AbortSignal => AbortSignal.timeout(callTimeoutMs);
  const connection = hostPort === undefined ? undefined : { ports: [{ label: "http", hostPort, to: 8080, hostIp: "127.0.0.1" }] };
  let spec: NetworkIsolationSpec | undefined;
  try {
    ({ spec } = await driver.createNetwork(allocId, { hostname: "", connection }, soon()));
    for (const task of tasks) await driver.startTask({ ...task, networkIsolation: spec }, soon());
    await sleep(livesForMs);
    for (const { id } of tasks) await driver.destroyTask(id, { force: true }, soon());
    await driver.destroyNetwork(allocId, spec, soon());
    return "lived";
  } catch (error) {
    if (await hasGone(plugin)) return "lost";
    return { kind: "call", text: `group ${allocId}: ${messageOf(error)}` };
  } finally {
    await rm(allocDir, { recursive: true, force: true });
  }
}

function toTask(name: string, { allocId, allocDir }: { readonly allocId: string; readonly allocDir: string }): TaskConfig {
  const logs = join(allocDir, "alloc/logs");
  return plainTask({
    id: `${allocId}/${name}/${randomBytes(4).toString("hex")}`,
    name,
    allocId,
    nodeId: chaosNodeId,
    allocDir,
    stdoutPath: join(logs, `.${name}.stdout.fifo`),
    stderrPath: join(logs, `.${name}.stderr.fifo`),
    env: { NOMAD_ALLOC_DIR: "/alloc" },
    driverConfig: encodeMsgpack({ image: testSetting("TEST_IMAGE"), command: "sleep", args: ["600"] }),
  });
}

async function makeFolders({ name, allocDir, stdoutPath, stderrPath }: TaskConfig): Promise<void> {
  for (const folder of ["alloc/logs", `${name}/local`, `${name}/secrets`]) await mkdir(join(allocDir, folder), { recursive: true });
  await run("mkfifo", ["-m", "600", stdoutPath, stderrPath]);
}

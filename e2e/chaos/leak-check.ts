import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "@driver/testing";
import type { Agent } from "./agent.ts";
import { judgeLife, type Verdict } from "./judge-life.ts";
import { readPluginUsage, type PluginUsage } from "./plugin-usage.ts";
import { TaskLife } from "./task-life.ts";
import { drawScript, type TaskScript } from "./task-script.ts";

export interface LeakCheckOptions {
  readonly agent: Agent;
  readonly scratch: string;
  readonly random: SeededRandom;
  readonly lives: number;
  readonly atOnce: number;
  onProgress(text: string): void;
}

export interface LeakReport {
  readonly early: PluginUsage;
  readonly late: PluginUsage;
  readonly lives: number;
  readonly earlyLives: number;
  readonly verdicts: readonly Verdict[];
}

/** What a plugin may hold more at the end than after a fifth of the lives: noise, no slope. */
const allowance: PluginUsage = { anonymousKb: 12 * 1024, openFiles: 4, threads: 2, watches: 2, sockets: 4 };

/** Many short lives in one plugin, and what it holds after a fifth of them and at the end, each time at rest. */
export async function checkLeaks(options: LeakCheckOptions): Promise<LeakReport> {
  const { agent, lives } = options;
  const parent = join(options.scratch, "leaks");
  await mkdir(parent);
  const { pid, number } = await agent.current();
  const earlyLives = Math.ceil(lives / 5);
  const verdicts = await liveMany(options, parent, earlyLives);
  const early = await readAtRest(pid);
  options.onProgress(`after ${earlyLives} lives: ${JSON.stringify(early)}`);
  verdicts.push(...(await liveMany(options, parent, lives - earlyLives)));
  const late = await readAtRest(pid);
  if ((await agent.current()).number !== number) verdicts.push({ kind: "call", text: "the plugin died by itself" });
  for (const name of ["anonymousKb", "openFiles", "threads", "watches", "sockets"] as const) {
    if (late[name] > early[name] + allowance[name]) {
      verdicts.push({
        kind: "leak",
        text: `${name} of the plugin: ${early[name]} after ${earlyLives} lives, ${late[name]} after ${lives}`,
      });
    }
  }
  return { early, late, lives, earlyLives, verdicts };
}

async function liveMany(options: LeakCheckOptions, parent: string, count: number): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      if (begun % 50 === 0) options.onProgress(`${begun} of ${count} lives`);
      const report = await new TaskLife(options.agent, {
        script: drawShort(options.random),
        parent,
        stopAfterMs: undefined,
        stopTimeoutMs: 0,
      }).live();
      verdicts.push(...judgeLife(report).verdicts);
      if (report.destroyError !== undefined) {
        verdicts.push({ kind: "call", text: `task ${report.allocId} could not be destroyed: ${report.destroyError}` });
      }
    }
  };
  await Promise.all(Array.from({ length: options.atOnce }, worker));
  return verdicts;
}

function drawShort(random: SeededRandom): TaskScript {
  for (;;) {
    const script = drawScript(random);
    if (script.kind === "burst") return script;
  }
}

/** The lowest of some readings: garbage that is about to be collected is no leak. */
async function readAtRest(pid: number): Promise<PluginUsage> {
  const readings: PluginUsage[] = [];
  for (let times = 0; times < 10; times += 1) {
    await sleep(600);
    readings.push(readPluginUsage(pid));
  }
  const lowest = (name: keyof PluginUsage): number => Math.min(...readings.map((reading) => reading[name]));
  return {
    anonymousKb: lowest("anonymousKb"),
    openFiles: lowest("openFiles"),
    threads: lowest("threads"),
    watches: lowest("watches"),
    sockets: lowest("sockets"),
  };
}

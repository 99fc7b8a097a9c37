import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { podmanError, type Fault, type FaultProxy, type SeededRandom } from "@driver/testing";
import type { Agent } from "./agent.ts";
import { disturb } from "./disturber.ts";
import { FullDisk } from "./full-disk.ts";
import { judgeLife, type Verdict } from "./judge-life.ts";
import type { PodmanService } from "./podman-service.ts";
import { TaskLife, type LifeReport } from "./task-life.ts";
import { drawScript, type TaskScript } from "./task-script.ts";

/** What the proxy does at random to one request in a hundred. */
export const randomFaults: readonly [Fault, ...Fault[]] = [
  { kind: "delay", delayMs: 700 },
  podmanError("made up by the chaos run"),
  { kind: "empty-body" },
  { kind: "half-body" },
  { kind: "cut-body" },
  { kind: "dropped" },
  { kind: "lost-answer" },
];

const progressMs = 10_000;

export interface MainRunOptions {
  readonly agent: Agent;
  readonly service: PodmanService;
  readonly proxy: FaultProxy;
  readonly random: SeededRandom;
  /** Existing folder for allocations. */
  readonly scratch: string;
  readonly lives: number;
  readonly atOnce: number;
  readonly longestPauseMs: number;
  /** Probability of a fault for each request. */
  readonly faultProbability: number;
  /** Told every now and then how far it is. */
  onProgress(text: string): void;
}

export interface MainRunReport {
  readonly lives: number;
  readonly verdicts: readonly Verdict[];
  readonly repeatedBytes: number;
  readonly logBytes: number;
  readonly counts: Readonly<Record<string, number>>;
  /** DestroyTask calls that failed; their containers are the reaper's. */
  readonly destroyErrors: readonly string[];
  readonly kinds: Readonly<Record<string, number>>;
}

/** Many task lives at once while plugin, service, connections and disk fail at random moments. */
export async function runManyLives(options: MainRunOptions): Promise<MainRunReport> {
  const { agent, service, proxy, random, scratch, longestPauseMs } = options;
  const allocations = join(scratch, "allocations");
  await mkdir(allocations, { recursive: true });
  await using disk = await FullDisk.mount(join(scratch, "full"));
  const stop = new AbortController();
  const reports: LifeReport[] = [];
  const firstPlugin = agent.incarnations;
  proxy.harmAtRandom({ probability: options.faultProbability, faults: randomFaults, random: random.fork() });
  const blows = disturb(
    { service, killPlugin: () => agent.killPlugin(), random: random.fork(), longestPauseMs, endedLives: () => reports.length },
    stop.signal,
  );
  const filling = disk.fillAndFree(random.fork(), stop.signal);
  await liveMany(options, { roomy: allocations, full: disk.path }, reports);
  stop.abort();
  const struck = await blows;
  await filling;
  proxy.harmAtRandom(undefined);
  const judged = reports.map((life) => judgeLife(life));
  const own: Verdict[] = [];
  const deaths = agent.incarnations - firstPlugin - struck["plugin killed"];
  if (deaths > 0) own.push({ kind: "call", text: `the plugin died ${deaths} times by itself` });
  for (const left of await readdir(allocations)) own.push({ kind: "call", text: `allocation ${left} was not removed` });
  return {
    lives: reports.length,
    verdicts: [...judged.flatMap((one) => one.verdicts), ...own],
    repeatedBytes: judged.reduce((sum, one) => sum + one.repeatedBytes, 0),
    logBytes: reports.reduce((sum, life) => sum + life.logs.stdout.length + life.logs.stderr.length, 0),
    counts: {
      ...struck,
      "disk full": disk.timesFull,
      "start retries": reports.reduce((sum, life) => sum + life.startTries - 1, 0),
      ...proxy.harmed,
    },
    destroyErrors: reports.flatMap((life) => life.destroyError ?? []),
    kinds: Object.fromEntries(
      Map.groupBy(reports, (life) => life.script.kind)
        .entries()
        .map(([kind, group]) => [kind, group.length]),
    ),
  };
}

/** All wishes are drawn before the first life begins, so that a seed gives the same ones whatever the timing. */
async function liveMany(
  options: MainRunOptions,
  places: { readonly roomy: string; readonly full: string },
  reports: LifeReport[],
): Promise<void> {
  const { agent, random, lives, atOnce } = options;
  const wishes = Array.from({ length: lives }, () => {
    const script = drawScript(random);
    const parent = isSmall(script) && random.chance(0.15) ? places.full : places.roomy;
    const stopAfterMs = script.lines === undefined ? random.between(0, 4000) : undefined;
    return { script, parent, stopAfterMs, stopTimeoutMs: script.kind === "stubborn" ? 500 : 60_000 };
  });
  const living = new Set<TaskLife>();
  const worker = async (): Promise<void> => {
    for (let next = wishes.shift(); next !== undefined; next = wishes.shift()) {
      const life = new TaskLife(agent, next);
      living.add(life);
      reports.push(await life.live());
      living.delete(life);
    }
  };
  const telling = setInterval(
    () => options.onProgress(`${reports.length} of ${lives} lives; ${[...living].map((life) => life.doing).join(", ")}`),
    progressMs,
  );
  await Promise.all(Array.from({ length: atOnce }, worker)).finally(() => clearInterval(telling));
}

function isSmall(script: TaskScript): boolean {
  return script.kind === "burst" || script.kind === "steady";
}

import { appendFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FaultProxy, SeededRandom, startEngine, until, type Engine } from "@driver/testing";
import { Agent } from "./agent.ts";
import { runBareLives } from "./bare-run.ts";
import { compareCensus, takeCensus, type Census, type CensusKind } from "./census.ts";
import { printTable, type Row } from "./chaos-table.ts";
import { killConmons, type ConmonReport } from "./conmon-kills.ts";
import { runGroups, type GroupReport } from "./group-run.ts";
import { rebootHost } from "./host-reboot.ts";
import type { Verdict } from "./judge-life.ts";
import { checkLeaks, type LeakReport } from "./leak-check.ts";
import { runManyLives, type MainRunReport } from "./main-run.ts";
import { PodmanService } from "./podman-service.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly mode: "full" | "short" | "leaks";
  /** Default: 320, in the short form 30, for leaks 1000. */
  readonly lives?: number;
  /** Receives what the plugins log. */
  readonly logFile?: string;
}

const image = "localhost/busybox:1";
const sizes = {
  full: { lives: 320, atOnce: 10, bareLives: 320, conmons: 10, rebooted: 10, groups: 20 },
  short: { lives: 30, atOnce: 8, bareLives: 12, conmons: 3, rebooted: 3, groups: 20 },
  leaks: { lives: 1000, atOnce: 6, bareLives: 0, conmons: 0, rebooted: 0, groups: 0 },
} as const;
/** Of the search for dangling containers; the run ends when it has had the time to find all. */
const reaping = { period: "3s", creation_grace: "10s" };
const reapedWithinMs = 40_000;
const blows = { longestPauseMs: 3000, faultProbability: 0.01 };

/** Settles with the exit code of the run: 1 when anything was violated. */
export async function runChaos(options: ChaosOptions): Promise<number> {
  const world = process.env["WORLD_FOLDER"] ?? "";
  const place = { storage: join(world, "storage"), scratch: join(world, "scratch") };
  await mkdir(place.scratch);
  await using engine = await startEngine({ storage: place.storage }, AbortSignal.timeout(60_000));
  await engine.importBusybox(image);
  process.env["TEST_IMAGE"] = image;
  const service = await PodmanService.takeOver(engine);
  await using proxy = await FaultProxy.start({ socketPath: `${engine.socketPath}.proxy`, upstreamPath: engine.socketPath });
  const run: ChaosRun = { options, engine, service, proxy, ...place, random: new SeededRandom(options.seed), beganMs: performance.now() };
  tell(
    run,
    `seed ${options.seed}; again with: npm run test:chaos -- --seed ${options.seed}${options.mode === "full" ? "" : ` --${options.mode}`}`,
  );
  try {
    const verdicts = options.mode === "leaks" ? await runLeaks(run) : await runAll(run);
    for (const verdict of verdicts) process.stdout.write(`✖ ${verdict.kind}: ${verdict.text}\n`);
    process.stdout.write(
      verdicts.length === 0 ? `✔ clean (seed ${options.seed})\n` : `✖ ${verdicts.length} violations (seed ${options.seed})\n`,
    );
    return verdicts.length === 0 ? 0 : 1;
  } finally {
    await service.kill();
  }
}

interface ChaosRun {
  readonly options: ChaosOptions;
  readonly engine: Engine;
  readonly service: PodmanService;
  readonly proxy: FaultProxy;
  readonly storage: string;
  readonly scratch: string;
  readonly random: SeededRandom;
  readonly beganMs: number;
}

async function runAll(run: ChaosRun): Promise<readonly Verdict[]> {
  const { engine, service, proxy, storage, random } = run;
  const size = sizes[run.options.mode];
  const lives = run.options.lives ?? size.lives;
  const before = await takeCensus(engine, storage);
  tell(run, `${size.bareLives} lives without the driver`);
  const bareBlows = await runBareLives({ service, proxy, random: random.fork(), ...size, lives: size.bareLives, ...blows });
  const bare = await takeCensus(engine, storage);
  const bareLeft = compareCensus(before, bare);
  tell(run, `${lives} lives with it`);
  const { main, groups, conmons, reboot } = await runDriver(run, lives);
  const left = await censusWhenQuiet(run, bare);
  const leaks = toLeakVerdicts(left, bareLeft);
  const rows: Row[] = [
    ["lives", `${main.lives} (${toList(main.kinds)})`],
    ["blows", toList(main.counts)],
    ["control run", `${size.bareLives} bare lives (${toList(bareBlows)})`],
    ["lost or false exit codes", count(main.verdicts, "exit code")],
    ["failed calls", count(main.verdicts, "call")],
    [
      "wrong logs",
      `${count(main.verdicts, "log")} of ${2 * main.lives} (${main.logBytes} bytes; ${main.repeatedBytes} repeated after kills)`,
    ],
    [
      "groups",
      `${size.groups} with a pod (${groups.kills} plugin kills broke off ${groups.lost}), ${groups.verdicts.length} failed otherwise`,
    ],
    ["conmon kills", `${conmons.kills}, slowest report ${Math.round(conmons.slowestMs)} ms, ${conmons.verdicts.length} wrong`],
    ["host reboot", `${reboot.tasks} tasks, ${reboot.verdicts.length} wrong`],
    ["left to the reaper", `${main.destroyErrors.length} calls to destroy broken off`],
    ...Object.entries(left).map(([kind, entries]): Row => [
      `leaks: ${kind}`,
      `${entries.length} (control run: ${bareLeft[kind as CensusKind].length})`,
    ]),
    ["time", `${Math.round((performance.now() - run.beganMs) / 1000)} s`],
  ];
  printTable(rows);
  return [...main.verdicts, ...groups.verdicts, ...conmons.verdicts, ...reboot.verdicts, ...leaks];
}

interface DriverReports {
  readonly main: MainRunReport;
  readonly groups: GroupReport;
  readonly conmons: ConmonReport;
  readonly reboot: Awaited<ReturnType<typeof rebootHost>>;
}

async function runDriver(run: ChaosRun, lives: number): Promise<DriverReports> {
  const { engine, service, proxy, storage, scratch, random } = run;
  const size = sizes[run.options.mode];
  await using agent = startAgent(run);
  const onProgress = (text: string): void => tell(run, text);
  const main = await runManyLives({
    agent,
    service,
    proxy,
    random: random.fork(),
    scratch,
    lives,
    atOnce: size.atOnce,
    ...blows,
    onProgress,
  });
  onProgress("conmon kills");
  const conmons = await killConmons(agent, { parent: join(scratch, "allocations"), tasks: size.conmons, random: random.fork() });
  onProgress("reboot");
  const reboot = await rebootHost({ agent, service, engine, storage, scratch, tasks: size.rebooted, random: random.fork() });
  onProgress("groups");
  const groups = await runGroups({ agent, random: random.fork(), parent: join(scratch, "groups"), groups: size.groups, atOnce: 4 });
  onProgress("waiting for the reaper");
  const isEmpty = async (): Promise<boolean> =>
    (await engine.run(["ps", "--all", "--quiet"])).stdout === "" && (await engine.run(["pod", "ps", "--quiet"])).stdout === "";
  await until(isEmpty, reapedWithinMs).catch(() => undefined);
  return { main, groups, conmons, reboot };
}

async function runLeaks(run: ChaosRun): Promise<readonly Verdict[]> {
  const { engine, storage } = run;
  const before = await takeCensus(engine, storage);
  const report = await checkLeaksOfAgent(run);
  const left = await censusWhenQuiet(run, before);
  printTable([
    [`after ${report.earlyLives} lives`, toList({ ...report.early })],
    [`after ${report.lives} lives`, toList({ ...report.late })],
    ...Object.entries(left).map(([kind, entries]): Row => [`leaks: ${kind}`, `${entries.length}`]),
    ["time", `${Math.round((performance.now() - run.beganMs) / 1000)} s`],
  ]);
  return [...report.verdicts, ...toLeakVerdicts(left, compareCensus(before, before))];
}

async function checkLeaksOfAgent(run: ChaosRun): Promise<LeakReport> {
  const { scratch, random, options } = run;
  await using agent = startAgent(run);
  return await checkLeaks({
    agent,
    scratch,
    random,
    lives: options.lives ?? sizes.leaks.lives,
    atOnce: sizes.leaks.atOnce,
    onProgress: (text) => tell(run, text),
  });
}

function startAgent(run: ChaosRun): Agent {
  const { logFile } = run.options;
  const onLog = (line: string): void => (logFile === undefined ? undefined : appendFileSync(logFile, `${line}\n`));
  return new Agent({ socket_path: `unix://${run.proxy.socketPath}`, group_network: "pod", gc: { dangling_containers: reaping } }, onLog);
}

/** conmon and Podman's clean-up commands end a moment after their container. */
async function censusWhenQuiet(run: ChaosRun, before: Census): Promise<Record<CensusKind, readonly string[]>> {
  const look = async (): Promise<Record<CensusKind, readonly string[]>> => compareCensus(before, await takeCensus(run.engine, run.storage));
  await until(async () => Object.values(await look()).every((entries) => entries.length === 0), 10_000).catch(() => undefined);
  return look();
}

function toLeakVerdicts(left: Record<CensusKind, readonly string[]>, allowed: Record<CensusKind, readonly string[]>): Verdict[] {
  return Object.entries(left)
    .filter(([kind, entries]) => entries.length > allowed[kind as CensusKind].length)
    .map(([kind, entries]) => ({ kind: "leak", text: `${entries.length} ${kind}, such as ${entries[0] ?? ""}` }));
}

function count(verdicts: readonly Verdict[], kind: Verdict["kind"]): string {
  return String(verdicts.filter((verdict) => verdict.kind === kind).length);
}

function toList(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts).map(([name, number]) => `${name} ${number}`).join(", ");
}

function tell(run: ChaosRun, text: string): void {
  process.stdout.write(`${String(Math.round((performance.now() - run.beganMs) / 1000)).padStart(4)} s  ${text}\n`);
}

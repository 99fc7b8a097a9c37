// Runs inside a world: engine, image, then the parts named as arguments, or all of them.
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { startEngine, testSetting } from "@driver/testing";
import type { Bed, Part } from "./bed.ts";
import { readBenchOptions } from "./bench-options.ts";
import { compareBuilds, type ComparedFigure } from "./compare-builds.ts";
import { isGoalMet } from "./figure.ts";
import { formatTable, type PartFigures } from "./format-figures.ts";
import { parts } from "./parts/index.ts";
import { renderPerformancePage } from "./performance-page.ts";
import { PlainPodman } from "./plain-podman.ts";

const options = readBenchOptions(process.argv.slice(2));
const worldFolder = process.env["WORLD_FOLDER"] ?? "";
const scratch = join(worldFolder, "scratch");
const image = "localhost/busybox:1";

await mkdir(scratch);
const starting = new AbortController();
await using engine = await startEngine({ storage: join(worldFolder, "storage") }, starting.signal);
await engine.importBusybox(image);
const plugin = await install(testSetting("TEST_PLUGIN"), "own");
const otherPlugin = options.against === undefined ? undefined : await install(options.against, "other");
// The rig that launches the plugin takes these from the environment, as in a test run.
Object.assign(process.env, { TEST_PODMAN_SOCKET: engine.socketPath, TEST_IMAGE: image, TEST_SCRATCH: scratch, TEST_PLUGIN: plugin });
using podman = new PlainPodman(engine.socketPath);
const machine = await describeMachine();
const measured = await measure({ engine, podman, plugin, scratch, full: options.full });
if (options.write && process.exitCode === undefined) await writePage(measured);
process.stdout.write(options.json ? `${JSON.stringify(toReport(measured), null, 2)}\n` : `${machine.text}\n\n${formatTable(measured)}`);

/**
 * Copies a build as an operator does. Into which pieces the page cache has put a file, and so how many of its pages a process gets with
 * each that it touches, depends on how it was written.
 */
async function install(build: string, folder: string): Promise<string> {
  const path = join(scratch, folder, "nomad-driver-podman");
  await mkdir(join(scratch, folder));
  await copyFile(build, path);
  return path;
}

/** A part that breaks spoils the exit code, not the other parts. */
async function measure(bed: Bed): Promise<PartFigures[]> {
  const results: PartFigures[] = [];
  for (const part of parts.filter(({ name }) => options.parts.length === 0 || options.parts.includes(name))) {
    const startMs = performance.now();
    try {
      results.push({ part: part.name, figures: await runPart(part, bed) });
    } catch (error) {
      process.stderr.write(`${part.name} broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    }
    process.stderr.write(`${part.name}: ${((performance.now() - startMs) / 1000).toFixed(0)} s\n`);
  }
  return results;
}

async function runPart(part: Part, bed: Bed): Promise<readonly ComparedFigure[]> {
  const { rounds } = options;
  return otherPlugin === undefined ? part.run(bed) : compareBuilds(part, { bed, otherPlugin, rounds });
}

async function describeMachine(): Promise<{ readonly facts: Record<string, string | number>; readonly text: string }> {
  const podmanVersion = (await engine.run(["version", "--format", "{{.Client.Version}}"])).stdout.trim();
  const facts = { podman: podmanVersion, kernel: release(), cores: cpus().length, loadAverage: loadavg()[0] ?? 0 };
  return {
    facts,
    text: `Podman ${facts.podman}, Linux ${facts.kernel}, ${facts.cores} cores, load average ${facts.loadAverage.toFixed(1)} at the start`,
  };
}

async function writePage(results: readonly PartFigures[]): Promise<void> {
  const docs = join(import.meta.dirname, "../docs");
  const date = new Date().toISOString().slice(0, 10);
  const summaryOf = (name: string): string => parts.find((part) => part.name === name)?.summary ?? "";
  const page = renderPerformancePage({
    machine: machine.text,
    date,
    parts: results.map((result) => ({ ...result, summary: summaryOf(result.part) })),
  });
  await rm(join(docs, "performance"), { recursive: true, force: true });
  await mkdir(join(docs, "performance"));
  for (const [file, chart] of page.charts) await writeFile(join(docs, "performance", file), chart);
  await writeFile(join(docs, "performance.md"), page.markdown);
}

function toReport(results: readonly PartFigures[]): object {
  const figures = results.flatMap(({ part, figures: list }) => list.map((figure) => ({ part, ...figure, met: isGoalMet(figure) })));
  return { machine: machine.facts, figures };
}

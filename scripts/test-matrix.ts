// npm run test:matrix [-- [--again] [--suite FILE]… [--write] [CELL…]]: the tests of a task's life with Podman of several releases, each in
// a world of its own. A cell that has a result for this build is not run again, so that a run which was broken off goes on; --again forgets
// the results. --suite runs one file alone, such as image-pull, and keeps what was last seen of the others. --write puts the table into
// docs/compatibility.md. --short, which ends npm test, runs a few tests with one release that is not the host's, and names what it leaves
// out. --cache FOLDER: where releases and results are kept. Ends with 1 when a test failed that no reason is known for.
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf } from "@driver/std";
import { buildUserland, runInWorld, TestingError, type WorldUserland } from "@driver/testing";
import { buildWhenStale } from "./build.ts";
import { hashInputs } from "./build/build-stamp.ts";
import { fillParts } from "./docs/generated-parts.ts";
import { limitSuites, matrixCells, matrixSuites, type MatrixCell } from "./matrix/cells.ts";
import { addTests, judge, toMatrixTable, type CellResult } from "./matrix/matrix-table.ts";
import { toShortForm } from "./matrix/short-form.ts";
import type { TestResult } from "./matrix/results-reporter.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const plugin = "dist/nomad-driver-podman";
/** For the short form: a release is a matter of half a minute. */
const mirrorMs = 90_000;
const docs = "docs/compatibility.md";
const { values, positionals } = parseArgs({
  options: {
    again: { type: "boolean" },
    suite: { type: "string", multiple: true, default: [] },
    write: { type: "boolean" },
    short: { type: "boolean" },
    cache: { type: "string" },
  },
  allowPositionals: true,
});
/** Nothing of it is committed; a folder of the dependencies goes when they do. */
const cache = resolve(values.cache ?? join(root, "node_modules/.cache/matrix"));
const isRoot = process.getuid?.() === 0;
const rootOnly = "Another release's programs take the place of /usr: run this as root.";
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => controller.abort(new Error(`Stopped by ${name}.`)));

try {
  process.chdir(root);
  process.exitCode = values.short === true ? await testShortForm() : await testMatrix();
} catch (error) {
  if (!controller.signal.aborted && !(error instanceof TestingError)) throw error;
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

async function testMatrix(): Promise<number> {
  if (!isRoot) throw new TestingError("not-permitted", rootOnly);
  const cells = chooseCells(positionals);
  const suites = chooseSuites(values.suite);
  await buildWhenStale();
  await mkdir(cache, { recursive: true });
  const build = await hashInputs([plugin, ...globSync("packages/testing/src/*"), ...testFiles(matrixSuites)]);
  const results: CellResult[] = [];
  for (const cell of cells) {
    const isPart = suites.length < matrixSuites.length;
    const kept = values.again === true || isPart ? undefined : await readResult(cell, build);
    const result = kept ?? (isPart ? addTests(await readResult(cell), await runCell(cell, suites), suites) : await runCell(cell, suites));
    // A result of several builds is that of none, so that the next whole run makes it anew.
    if (kept === undefined && result.skipped === undefined) {
      await writeFile(resultPath(cell), JSON.stringify({ build: isPart ? "" : build, result }));
    }
    process.stdout.write(`${kept === undefined ? "" : "kept: "}${describe(result)}\n`);
    results.push(result);
  }
  const table = toMatrixTable(results);
  process.stdout.write(`\n${table}\n`);
  if (values.write === true) {
    const all = toMatrixTable(await withFormer(results));
    await writeFile(docs, fillParts(readFileSync(docs, "utf8"), { matrix: () => all }));
  }
  return results.some((result) => judge(result).open.length > 0 || isEmpty(result)) ? 1 : 0;
}

/** What cannot be had is told and is no failure: without a mirror all else of npm test says what it says. */
async function testShortForm(): Promise<number> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const { cell, suites, left } = toShortForm(/^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] ?? "");
  process.stdout.write(`matrix, short form: ${suites.join(", ")} with the Podman of ${cell.programs}\n`);
  for (const { what, reason } of left) process.stdout.write(`SKIPPED ${what}: ${reason}\n`);
  if (!isRoot) {
    process.stdout.write(`SKIPPED ${cell.name}: ${rootOnly}\n`);
    return 0;
  }
  await buildWhenStale();
  await mkdir(cache, { recursive: true });
  const result = await runCell(cell, suites, mirrorMs);
  process.stdout.write(`${describe(result)}\n`);
  return judge(result).open.length > 0 || isEmpty(result) ? 1 : 0;
}

function chooseCells(names: readonly string[]): readonly MatrixCell[] {
  const unknown = names.find((name) => !matrixCells.some((cell) => cell.name === name));
  if (unknown !== undefined) {
    const known = matrixCells.map(({ name }) => name).join(", ");
    throw new TestingError("unknown-option", `There is no cell ${unknown}; there are ${known}.`);
  }
  return matrixCells.filter(({ name }) => names.length === 0 || names.includes(name));
}

function chooseSuites(names: readonly string[]): readonly string[] {
  const unknown = names.find((name) => !matrixSuites.includes(name));
  if (unknown !== undefined) {
    throw new TestingError("unknown-option", `There is no suite ${unknown}; there are ${matrixSuites.join(", ")}.`);
  }
  return names.length === 0 ? matrixSuites : names;
}

/** The world broke down before any test ran. */
function isEmpty({ skipped, tests }: CellResult): boolean {
  return skipped === undefined && tests.length === 0;
}

function describe(result: CellResult): string {
  const { cell, podman, skipped, tests } = result;
  if (skipped !== undefined) return `SKIPPED ${cell}: ${skipped}`;
  const { explained, open } = judge(result);
  const failed = open.map(({ file, name }) => `\n  ${file}: ${name}`).join("");
  return `${cell}: podman ${podman}, ${tests.length} tests, ${explained.length} failed for known reasons, ${open.length} failed${failed}`;
}

function resultPath({ name }: MatrixCell): string {
  return join(cache, `${name}.json`);
}

/** @param build undefined: of any */
async function readResult(cell: MatrixCell, build?: string): Promise<CellResult | undefined> {
  const text = await readFile(resultPath(cell), "utf8").catch(() => "null");
  const kept: unknown = JSON.parse(text);
  return isKept(kept) && (build === undefined || kept.build === build) ? kept.result : undefined;
}

/** In their order, with what was last seen of the cells that were not chosen. */
async function withFormer(results: readonly CellResult[]): Promise<readonly CellResult[]> {
  const all = await Promise.all(matrixCells.map(async (cell) => results.find((one) => one.cell === cell.name) ?? (await readResult(cell))));
  return all.filter((result) => result !== undefined);
}

function isKept(value: unknown): value is { readonly build: string; readonly result: CellResult } {
  return typeof value === "object" && value !== null && "build" in value && "result" in value;
}

/** Beside v1 the kernel has no controllers for a world of v2. */
function lacksControllers({ cgroups }: Pick<MatrixCell, "cgroups">): boolean {
  return cgroups === "v2" && !existsSync("/sys/fs/cgroup/cgroup.controllers");
}

function testFiles(suites: readonly string[], cell: Pick<MatrixCell, "cgroups"> = { cgroups: "host" }): readonly string[] {
  const held = lacksControllers(cell) ? suites.filter((suite) => !limitSuites.includes(suite)) : suites;
  return held.map((suite) => `packages/podman-driver/test/${suite}.test.ts`);
}

/** @param mirrorMs how long a mirror may take; default: as long as it is usual */
async function runCell(cell: MatrixCell, suites: readonly string[], mirrorMs?: number): Promise<CellResult> {
  const head = { cell: cell.name, podman: "", runtime: "", host: cell.programs, date: new Date().toISOString().slice(0, 10), tests: [] };
  let userland: WorldUserland | undefined;
  try {
    userland = await prepareUserland(cell, mirrorMs);
  } catch (error) {
    if (!(error instanceof TestingError)) throw error;
    return { ...head, skipped: error.message };
  }
  const report = join(cache, `${cell.name}.tests`);
  const facts = join(cache, `${cell.name}.engine`);
  await rm(report, { force: true });
  await rm(facts, { force: true });
  await runInWorld({
    network: "own",
    ...(userland !== undefined && { userland }),
    command: [process.execPath, "--disable-warning=ExperimentalWarning", "scripts/test-in-world.ts", ...testFiles(suites, cell)],
    env: { ...process.env, TEST_PLUGIN: join(root, plugin), TEST_REPORT: report, TEST_ENGINE_FACTS: facts },
    signal: controller.signal,
  });
  const [podman = "", runtime = "", cgroups = ""] = (await readFile(facts, "utf8").catch(() => "")).split("\n");
  const host = `${cell.programs}, cgroup ${cgroups}${lacksControllers(cell) ? ", no controllers" : ""}`;
  return { ...head, podman, runtime, host, tests: parseResults(await readFile(report, "utf8").catch(() => "")) };
}

async function prepareUserland({ source, cgroups }: MatrixCell, mirrorMs?: number): Promise<WorldUserland | undefined> {
  if (source === undefined || cgroups === "host") return undefined;
  return { folder: await buildUserland(join(cache, "userlands"), source, controller.signal, mirrorMs), cgroups };
}

function parseResults(text: string): readonly TestResult[] {
  return text.split("\n").filter((line) => line !== "").map((line): TestResult => JSON.parse(line));
}

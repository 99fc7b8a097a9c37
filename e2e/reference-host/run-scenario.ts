import { spawn } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One JSON line of the reference host; `seen` names what it is about. */
export interface Observation {
  readonly seen: string;
  readonly [field: string]: unknown;
}

export interface ScenarioRun {
  readonly exitCode: number | null;
  /** What the program wrote to stderr: the error that broke the scenario off, empty after a whole one. */
  readonly complaint: string;
  readonly observations: readonly Observation[];
}

export interface ScenarioOptions {
  readonly scenario: "life" | "launches" | "cancels" | "errors";
  readonly program: string;
  readonly descriptors: string;
  readonly plugin: string;
  readonly podmanSocket: string;
  readonly image: string;
  /** Existing folder; the run gets folders of its own below it. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Runs one scenario to its end. The plugin gets a TMPDIR of its own, so that what it leaves there is seen. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioRun> {
  const temporary = await mkdtemp(join(options.scratch, "tmp-"));
  const allocations = await mkdtemp(join(options.scratch, "alloc-"));
  const child = spawn(
    options.program,
    [
      "--plugin", options.plugin, "--descriptors", options.descriptors, "--socket", `unix://${options.podmanSocket}`,
      "--image", options.image, "--alloc-dir", allocations, options.scenario,
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TMPDIR: temporary }, signal: options.signal },
  );
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const complaint: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaint.push(text));
  const observations: Observation[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => observations.push(parseObservation(line)));
  return { exitCode: await exited, complaint: complaint.join("").trim(), observations };
}

function parseObservation(line: string): Observation {
  const value: unknown = JSON.parse(line);
  if (!isRecord(value) || typeof value["seen"] !== "string") {
    throw new TypeError(`read the reference host's output: no observation: ${line}`);
  }
  return { ...value, seen: value["seen"] };
}

/** The value under a path of keys; undefined where the path ends early. */
export function pick(from: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), from);
}

/** Bytes travel in base64; an unset field has none. */
export function pickBytes(from: unknown, ...path: readonly string[]): Buffer {
  const value = pick(from, ...path);
  return Buffer.from(typeof value === "string" ? value : "", "base64");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

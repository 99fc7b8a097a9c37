import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";

import { inspectJob, JobFileError } from "@driver/nomad-host";
import fc from "fast-check";

import { hasAnswered, NomadServer, readNomadVersion } from "../cli-oracle/ask-nomad.ts";
import type { NomadQuestion } from "../cli-oracle/ask-nomad.ts";
import { drawnJob, jobVariations, unfold } from "../cli-oracle/job-variations.ts";
import recorded from "../cli-oracle/nomad-answers.json" with { type: "json" };
import { ourRefusals } from "../cli-oracle/our-verdicts.ts";

const nomad = process.env["NOMAD_BIN"] ?? "nomad";
const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const plain = { vars: {}, varFiles: [], env: {}, signal: new AbortController().signal };
const answers: Readonly<Record<string, string | undefined>> = recorded.answers;
const server = await NomadServer.start(nomad);
after(() => server[Symbol.asyncDispose]());

test("the recorded answers are those of this Nomad", async (t) => {
  const version = await readNomadVersion(nomad);
  if (version !== recorded.version) t.diagnostic(`recorded are those of ${recorded.version}, this is ${version}`);
  const found = await server.ask(jobVariations);
  const changed = jobVariations.filter(({ name }, index) => (found[index]?.isValid === true) !== (answers[name] === "valid"));
  assert.deepEqual(
    changed.map(({ name }) => name),
    [],
  );
});

const folder = await mkdtemp(join(tmpdir(), "verdicts-"));
after(() => rm(folder, { recursive: true }));

/** Of the drawn jobs; another one draws others. */
const seed = Number(process.env["VERDICTS_SEED"] ?? 1);
const drawnCount = 150;

/** The file's own variables, for the one case that is about them. */
function variableFiles(path: string): readonly string[] {
  return path.endsWith("var-file-json.nomad.hcl") ? [path.replace(".nomad.hcl", ".vars.json")] : [];
}

/** What Nomad reads in a file, in the form of `nomad job run -json`; undefined: it cannot read it. */
async function readByNomad(path: string): Promise<string | undefined> {
  const args = [...(path.endsWith(".json") ? ["-json"] : []), ...variableFiles(path).flatMap((file) => ["-var-file", file])];
  try {
    return (await run(nomad, ["job", "run", "-output", ...args, path], { maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    if (!hasAnswered(error)) throw error;
    return undefined;
  }
}

interface Reading {
  /** Undefined: it cannot be read as a job at all. */
  readonly job: Awaited<ReturnType<typeof inspectJob>>["job"] | undefined;
  /** In words; empty: none. */
  readonly problems: string;
  readonly isValid: boolean;
  /** There is something that Nomad has and this host has not. */
  readonly isForeign: boolean;
}

async function readHere(path: string): Promise<Reading> {
  try {
    const { job, problems } = await inspectJob(path, { ...plain, varFiles: variableFiles(path) });
    const found = problems.all();
    const formatted = found.map((problem) => problem.format()).join("\n");
    return { job, problems: formatted, isValid: found.length === 0, isForeign: found.some(({ code }) => code === "unsupported") };
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    return { job: undefined, problems: error.format(), isValid: false, isForeign: error.code === "unsupported" };
  }
}

/** A job without the places in its file. */
function withoutPlaces(value: unknown): unknown {
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === "position" || key === "notes") return undefined;
    return typeof inner === "bigint" ? Number(inner) : inner;
  });
  return JSON.parse(text);
}

function byLabel(left: { readonly label: string }, right: { readonly label: string }): number {
  return left.label < right.label ? -1 : 1;
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Body = NonNullable<Reading["job"]>["groups"][number]["tasks"][number]["config"];

/** A block or a map is one in HCL, and an object in a list in JSON; the driver's schema makes the same of all. */
function toPlain({ attributes, blocks }: Body): Readonly<Record<string, unknown>> {
  const plainBlocks = new Map<string, unknown[]>();
  for (const { type, labels, body } of blocks) {
    const inner = labels.reduceRight<unknown>((content, label) => ({ [label]: [content] }), toPlain(body));
    plainBlocks.set(type, [...(plainBlocks.get(type) ?? []), inner]);
  }
  const plainValues = attributes.map(({ name, value }) => [name, isRecord(value) ? [value] : value] as const);
  return { ...Object.fromEntries(plainValues), ...Object.fromEntries(plainBlocks) };
}

function toComparable(job: NonNullable<Reading["job"]>): unknown {
  const groups = job.groups.map((group) => ({
    ...group,
    // In JSON fixed ports stand apart from the others.
    ...(group.network === undefined ? {} : { network: { ...group.network, ports: group.network.ports.toSorted(byLabel) } }),
    tasks: group.tasks.map((task) => ({ ...task, config: toPlain(task.config) })),
  }));
  return withoutPlaces({ ...job, groups });
}

async function write({ text, format = "hcl" }: NomadQuestion): Promise<string> {
  const path = join(folder, `written.nomad.${format}`);
  await writeFile(path, text);
  return path;
}

const files = ["examples", "packages/nomad-host/test/cases", "packages/nomad-host/test/job/jobs"].flatMap((directory) =>
  readdirSync(join(root, directory))
    .filter((name) => /\.nomad\.(?:hcl|json)$/.test(name))
    .map((name) => join(root, directory, name)),
);
const drawn = fc.sample(drawnJob, { seed, numRuns: drawnCount });

/** Whether it has a part that is refused here on purpose. */
function isOurs(text: string): boolean {
  return Object.keys(ourRefusals).some((part) => text.includes(unfold(part)));
}

/**
 * Says what differs; undefined: nothing. What Nomad has read is in JSON, where a mistake must be seen that is seen in the file, and
 * no other. A job with a name of its own each time cannot be compared.
 */
async function compareJob(path: string): Promise<string | undefined> {
  const [there, here] = [await readByNomad(path), await readHere(path)];
  if (there === undefined) return here.isValid ? "Nomad cannot read it" : undefined;
  if (here.job === undefined) return undefined;
  const text = await readFile(path, "utf8");
  if (text.includes("uuidv4()")) return undefined;
  const json = join(folder, "job.json");
  await writeFile(json, there);
  const { job, problems } = await inspectJob(json, plain);
  const found = problems.all().map((problem) => problem.format());
  if (!here.isValid) {
    return found.length > 0 || isOurs(text) ? undefined : `in JSON nothing is wrong, in the file there is: ${here.problems}`;
  }
  if (found.length > 0) return found.join("\n");
  try {
    assert.deepEqual(toComparable(job), toComparable(here.job));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

test("a job means the same here and after Nomad has read it, and what Nomad cannot read is refused", async () => {
  for (const path of files) assert.equal(await compareJob(path), undefined, path);
  const questions: readonly NomadQuestion[] = [...jobVariations, ...drawn.map((text) => ({ text }))];
  for (const question of questions) assert.equal(await compareJob(await write(question)), undefined, question.text);
});

/** Where another verdict than Nomad's is meant. */
const ours: Readonly<Record<string, string>> = {
  "var-file-json.nomad.hcl": "Nomad is not told of its variables",
};

test("every file of examples and cases has Nomad's verdict, in both directions", async () => {
  for (const path of files.filter((file) => file.endsWith(".hcl") && !(basename(file) in ours))) {
    const [answer] = await server.ask([{ text: await readFile(path, "utf8") }]);
    const { isValid, isForeign } = await readHere(path);
    if (!isForeign) assert.equal(isValid, answer?.isValid, `${path}: ${answer?.reason}`);
  }
});

test(`jobs of several parts have Nomad's verdict, in both directions (seed ${seed})`, async () => {
  const answered = await server.ask(drawn.map((text) => ({ text })));
  const differing: string[] = [];
  for (const [index, text] of drawn.entries()) {
    const { isValid, isForeign } = await readHere(await write({ text }));
    const answer = answered[index];
    const verdict = isValid ? "valid here" : "refused here";
    const wanted = isOurs(text) ? false : answer?.isValid;
    if (!isForeign && isValid !== wanted) differing.push(`${verdict}; Nomad: ${answer?.reason}\n${text}`);
  }
  assert.deepEqual(differing, []);
});

import { createHclParser, createScope, evaluateBody, loadWasm, suggestName } from "@driver/hcl";
import type { Block, Body, LoadWasm, ParseHcl, Scope, SourceFile } from "@driver/hcl";
import type { JobReading } from "./block-reader.ts";
import { jobDialect } from "./job-dialect.ts";
import { asJobFile, failAt, JobFileError, JobProblems } from "./job-file-error.ts";
import { decodeVariables } from "./declared-variable.ts";
import { decodeJob } from "./decode-job.ts";
import type { DecodedJob } from "./decode-job.ts";
import type { Job } from "./job.ts";
import { isJsonJob, parseJsonJob } from "./parse-json-job.ts";
import { isJsonVariables, parseJsonVariables } from "./parse-json-variables.ts";
import { readJobFile } from "./read-job-file.ts";
import { resolveLocals } from "./resolve-locals.ts";
import { resolveVariables } from "./resolve-variables.ts";
import type { VariableFile } from "./resolve-variables.ts";

export interface LoadJobOptions {
  /** Values of `-var name=value`, as typed. */
  readonly vars: Readonly<Record<string, string>>;
  /** Paths of files with `name = value` lines, or of a JSON object; later ones first in rank. */
  readonly varFiles: readonly string[];
  /** Looked through for `NOMAD_VAR_<name>`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Gives the parser's WebAssembly; the default is `loadWasm`. */
  readonly loadWasm?: LoadWasm | undefined;
  /** Folder that `file("…")` starts from; the default is the working directory, as Nomad has it. */
  readonly baseDir?: string | undefined;
}

/**
 * Reads and decodes a job file. Rejects with a JobFileError that says file, line and column, or with the
 * signal's reason.
 */
export async function loadJob(path: string, options: LoadJobOptions): Promise<Job> {
  const { job, problems } = await inspectJob(path, options);
  problems.throwIfAny();
  return job;
}

/** Reads a job file with its mistakes. Rejects as `loadJob` does when it cannot be read as a job at all. */
export async function inspectJob(path: string, options: LoadJobOptions): Promise<DecodedJob> {
  return asJobFile(() => readJob(path, options));
}

async function readJob(path: string, options: LoadJobOptions): Promise<DecodedJob> {
  const source = await readJobFile(path, options.signal);
  if (isJsonJob(source)) return loadJsonJob(source, options);
  const parse = await createHclParser(options.loadWasm ?? loadWasm, source);
  const body = await parse(source);
  options.signal.throwIfAborted();
  const reading = { source, problems: new JobProblems() };
  const { problems } = reading;
  const { type, labels, position, body: written } = findJob(body, reading);
  const misplaced = findMisplaced(written);
  for (const { message, at } of misplaced.map((inner) => describeMisplaced(inner))) problems.add(failAt(reading, at, "invalid")(message));
  const lost = namesDeclaredBy(misplaced.map(({ block }) => block));
  const outer = createScope(source, { dialect: jobDialect, baseDir: options.baseDir ?? process.cwd() });
  const scope = resolveLocals(body, await withVariables(body, outer, { parse, options, problems, lost: lost.variables }), {
    problems,
    lost: lost.locals,
  });
  const report = problems.add.bind(problems);
  const evaluated = evaluateBody(withoutMisplaced(written), position, { scope, report, plainBlocks });
  return decodeJob({ type, labels, position, body: evaluated }, reading);
}

function loadJsonJob(source: SourceFile, options: LoadJobOptions): DecodedJob {
  if (Object.keys(options.vars).length > 0 || options.varFiles.length > 0) {
    throw new JobFileError("a JSON job takes no variables; leave out -var and -var-file", { code: "variable", source });
  }
  const problems = new JobProblems();
  const { block, notes } = parseJsonJob(source, problems);
  return decodeJob(block, { source, problems, jsonNotes: notes });
}

async function withVariables(
  body: Body,
  scope: Scope,
  at: { readonly parse: ParseHcl; readonly options: LoadJobOptions; readonly problems: JobProblems; readonly lost: ReadonlySet<string> },
): Promise<Scope> {
  const { parse, options, problems, lost } = at;
  const { declared, failed } = decodeVariables(body, scope, problems);
  const files: VariableFile[] = [];
  for (const path of options.varFiles) {
    const source = await readJobFile(path, options.signal);
    files.push({ source, body: isJsonVariables(source) ? parseJsonVariables(source) : await parse(source) });
  }
  const resolved = await resolveVariables(
    { declared, failed: failed.union(lost) },
    { vars: options.vars, files, env: options.env },
    { scope, parse, problems },
  );
  options.signal.throwIfAborted();
  return resolved;
}

/** What is in there is not Nomad's, so nothing in it is expanded (`nomad`). */
const plainBlocks = ["config", "policy"];

const topBlocks = ["job", "variable", "variables", "locals"];

/** A block of the top of the file that stands in another one. */
interface Misplaced {
  readonly block: Block;
  /** What it stands in. */
  readonly home: string;
}

function findMisplaced(body: Body, home = "job"): readonly Misplaced[] {
  return body.blocks.flatMap((block) => {
    if (topBlocks.includes(block.type)) return [{ block, home }];
    // What is in there is the driver's.
    return block.type === "config" ? [] : findMisplaced(block.body, block.type);
  });
}

/** What they mean to declare: nobody need be told that it is not declared. */
function namesDeclaredBy(blocks: readonly Block[]): { readonly variables: ReadonlySet<string>; readonly locals: ReadonlySet<string> } {
  const namesIn = (type: string) =>
    blocks.filter((block) => block.type === type).flatMap(({ body }) => body.attributes.map(({ name }) => name));
  const labels = blocks.filter(({ type }) => type === "variable").map((block) => block.labels[0] ?? "");
  return { variables: new Set([...labels, ...namesIn("variables")]), locals: new Set(namesIn("locals")) };
}

function describeMisplaced({ block, home }: Misplaced): { readonly message: string; readonly at: Block["position"] } {
  const message = `block ${block.type} in ${home}: not allowed here; it belongs to the top of the file, beside the job block`;
  return { message, at: block.position };
}

function withoutMisplaced(body: Body): Body {
  const blocks = body.blocks
    .filter(({ type }) => !topBlocks.includes(type))
    .map((block) => (block.type === "config" ? block : { ...block, body: withoutMisplaced(block.body) }));
  return { ...body, blocks };
}

/** Strangers beside it are told; without a job there is nothing more to say. */
function findJob(body: Body, reading: JobReading): Block {
  const [job, ...others] = body.blocks.filter(({ type }) => type === "job");
  const strangers = body.blocks
    .filter(({ type }) => !topBlocks.includes(type))
    .map(({ type, position }) => ({ name: type, form: "block", position }));
  const strays = body.attributes.map(({ name, position }) => ({ name, form: "argument", position }));
  const known = "known are the blocks job, variable, variables and locals";
  for (const { name, form, position } of [...strangers, ...strays]) {
    const hint = suggestName(name, ["job", "variable", "locals"]);
    reading.problems.add(failAt(reading, position, "invalid")(`${form} ${name}: unknown at the top of a job file; ${known}${hint}`));
  }
  for (const { position } of others) reading.problems.add(failAt(reading, position, "invalid")("block job: a file holds one job only"));
  if (job !== undefined) return job;
  reading.problems.throwIfAny();
  throw new JobFileError("this is no job file: it has no job block", { code: "not-a-job", source: reading.source });
}

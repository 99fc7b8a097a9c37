import { createHclParser, createScope, evaluateBody, loadWasm, suggestName, withNames } from "@driver/hcl";
import type { Block, Body, LoadWasm, ParseHcl, Scope, SourceFile } from "@driver/hcl";
import { jobDialect } from "./job-dialect.ts";
import { asJobFile, JobFileError } from "./job-file-error.ts";
import { decodeVariables } from "./declared-variable.ts";
import { decodeJob } from "./decode-job.ts";
import type { DecodedJob } from "./decode-job.ts";
import type { Job } from "./job.ts";
import { isJsonJob, parseJsonJob } from "./parse-json-job.ts";
import { parseJsonVariables } from "./parse-json-variables.ts";
import { readJobFile } from "./read-job-file.ts";
import { resolveLocals } from "./resolve-locals.ts";
import { resolveVariables } from "./resolve-variables.ts";
import type { VariableFile } from "./resolve-variables.ts";

export interface LoadJobOptions {
  /** Values of `-var name=value`, as typed. */
  readonly vars: Readonly<Record<string, string>>;
  /** Paths of files with `name = value` lines, or of JSON objects if they end with `.json`; later ones first in rank. */
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
  const jobBlock = findJob(body, source);
  refuseMisplaced(jobBlock, source);
  const outer = createScope(source, { dialect: jobDialect, baseDir: options.baseDir ?? process.cwd() });
  const scope = resolveLocals(body, await withVariables(body, outer, { parse, options }));
  return decodeJob({ ...jobBlock, body: evaluateBody(jobBlock.body, jobBlock.position, scope) }, source);
}

function loadJsonJob(source: SourceFile, options: LoadJobOptions): DecodedJob {
  if (Object.keys(options.vars).length > 0 || options.varFiles.length > 0) {
    throw new JobFileError("a JSON job takes no variables; leave out -var and -var-file", { code: "variable", source });
  }
  return decodeJob(parseJsonJob(source), source);
}

async function withVariables(body: Body, scope: Scope, at: { readonly parse: ParseHcl; readonly options: LoadJobOptions }): Promise<Scope> {
  const { parse, options } = at;
  const declared = decodeVariables(body, scope);
  const files: VariableFile[] = [];
  for (const path of options.varFiles) {
    const source = await readJobFile(path, options.signal);
    files.push({ source, body: path.endsWith(".json") ? parseJsonVariables(source) : await parse(source) });
  }
  const values = await resolveVariables(declared, { vars: options.vars, files, env: options.env }, { scope, parse });
  options.signal.throwIfAborted();
  return withNames(scope, [["var", values]]);
}

const topBlocks = ["job", "variable", "variables", "locals"];

/** Told before anything is evaluated, since what such a block declares is missing then. */
function refuseMisplaced({ type, body }: Block, source: SourceFile): void {
  for (const inner of body.blocks) {
    if (topBlocks.includes(inner.type)) {
      const message = `block ${inner.type} in ${type}: not allowed here; it belongs to the top of the file, beside the job block`;
      throw new JobFileError(message, { code: "invalid", source, position: inner.position });
    }
    // What is in there is the driver's.
    if (inner.type !== "config") refuseMisplaced(inner, source);
  }
}

function findJob(body: Body, source: SourceFile): Block {
  const [job, second] = body.blocks.filter((block) => block.type === "job");
  const stranger = body.blocks.find((block) => !topBlocks.includes(block.type)) ?? body.attributes[0];
  if (stranger !== undefined) {
    const name = "type" in stranger ? stranger.type : stranger.name;
    const form = "type" in stranger ? "block" : "argument";
    const message = `${form} ${name}: unknown at the top of a job file; known are the blocks job, variable, variables and locals`;
    throw new JobFileError(message + suggestName(name, ["job", "variable", "locals"]), {
      code: "invalid",
      source,
      position: stranger.position,
    });
  }
  if (job === undefined) throw new JobFileError("this is no job file: it has no job block", { code: "not-a-job", source });
  if (second !== undefined)
    throw new JobFileError("block job: a file holds one job only", { code: "invalid", source, position: second.position });
  return job;
}

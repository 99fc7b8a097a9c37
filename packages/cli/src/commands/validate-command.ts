import { inspectJob, JobFileError, loadPluginConfig, validateJob, type PlacedProblem } from "@driver/nomad-host";
import type { Position } from "@driver/nomad-plugin";
import { checkTaskConfig, taskSchema } from "@driver/podman-driver";

import { parseValidateArguments } from "../arguments/parse-validate-arguments.ts";
import type { ValidateArguments } from "../arguments/parse-validate-arguments.ts";
import { formatPlace } from "../presentation/format-error.ts";
import { toPrintable } from "../presentation/to-printable.ts";
import { validateHelp } from "./help.ts";
import { checkOwnBlock, pluginName } from "./plugin-config.ts";

/** What is known of the driver without asking Podman: attributes that a job may refer to have a stand-in. */
const driver = {
  name: "podman",
  taskSchema: taskSchema.spec,
  attributes: { "driver.podman": "1", "driver.podman.version": "0.0.0" },
  checkConfig: checkTaskConfig,
};

/** Something in the job file, in what gives values to its variables, or in the agent's file. */
export interface FoundProblem {
  readonly message: string;
  readonly file: string;
  /** Absent: the file as a whole is meant. */
  readonly position: Position | undefined;
}

/** What was found out about the files. */
export interface Verdict {
  readonly problems: readonly FoundProblem[];
  /** Of what is no mistake. */
  readonly notes: readonly FoundProblem[];
}

/** `validate FILE`: settles with 0 when a run would start the job's tasks, and with 1 when a file has mistakes. */
export async function validateCommand(args: readonly string[]): Promise<number> {
  const wanted = parseValidateArguments(args);
  if (wanted.isHelpWanted) {
    process.stdout.write(validateHelp);
    return 0;
  }
  const { jobPath, pluginConfigPath } = wanted;
  const verdicts = [
    ...(pluginConfigPath === undefined ? [] : [await readOrTell(() => validateAgentFile(pluginConfigPath))]),
    ...(jobPath === undefined ? [] : [await readOrTell(() => validateFile({ ...wanted, jobPath }))]),
  ];
  const verdict = { problems: verdicts.flatMap(({ problems }) => problems), notes: verdicts.flatMap(({ notes }) => notes) };
  if (wanted.isJsonWanted) printJson(verdict);
  else await printText([pluginConfigPath, jobPath].filter((path) => path !== undefined), verdict);
  return verdict.problems.length === 0 ? 0 : 1;
}

/** A file that cannot be read at all has that as its mistake. */
async function readOrTell(read: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    return { problems: [error, ...error.further], notes: [] };
  }
}

/**
 * What `validate` says of an agent's file, of which it reads this plugin's block.
 * @throws JobFileError when it cannot be read, or has no such block
 */
export async function validateAgentFile(path: string): Promise<Verdict> {
  const { problems, notices } = checkOwnBlock(await loadPluginConfig(path, pluginName, new AbortController().signal));
  const inFile = (found: readonly PlacedProblem[]): readonly FoundProblem[] =>
    found.map((one) => ({ ...one, file: path })).toSorted(byPlace);
  return { problems: inFile(problems), notes: inFile(notices) };
}

/**
 * What `validate` says of a job file, in the order of the file. Asks nobody.
 * @throws JobFileError when it cannot be read as a job at all
 */
export async function validateFile({
  jobPath,
  vars,
  varFiles,
}: Pick<ValidateArguments, "vars" | "varFiles"> & { readonly jobPath: string }): Promise<Verdict> {
  const { signal } = new AbortController();
  const { job, evaluated, problems } = await inspectJob(jobPath, { vars, varFiles, env: process.env, signal });
  const ofConfigs = await validateJob(evaluated, driver);
  const ofDriver = ofConfigs.problems.map((problem) => ({ ...problem, file: jobPath }));
  const found = problems.all().map(({ message, file, position }) => ({ message, file, position }));
  const ofVariables = found.filter(({ file }) => file !== jobPath);
  const ofJob = [...found.filter(({ file }) => file === jobPath), ...ofDriver].toSorted(byPlace);
  const notes = [...job.notes, ...ofConfigs.notices].map((note) => ({ ...note, file: jobPath }));
  return { problems: [...ofVariables, ...ofJob], notes: notes.toSorted(byPlace) };
}

function byPlace({ position: left }: FoundProblem, { position: right }: FoundProblem): number {
  return (left?.line ?? 0) - (right?.line ?? 0) || (left?.column ?? 0) - (right?.column ?? 0);
}

function printJson({ problems, notes }: Verdict): void {
  const show = ({ message, file, position }: FoundProblem): object => ({ message, file, ...position });
  process.stdout.write(`${JSON.stringify({ valid: problems.length === 0, errors: problems.map(show), notes: notes.map(show) })}\n`);
}

async function printText(files: readonly string[], { problems, notes }: Verdict): Promise<void> {
  for (const { message, file, position } of problems) {
    const placed = position === undefined ? `${file}: ${message}` : await formatPlace(file, position, message);
    process.stderr.write(`${toPrintable(placed)}\n`);
  }
  for (const { message, file, position } of notes) {
    const place = position === undefined ? file : `${file}:${position.line}:${position.column}`;
    process.stderr.write(`${toPrintable(`${place}: note: ${message}`)}\n`);
  }
  if (problems.length === 0) for (const file of files) process.stdout.write(`${toPrintable(file)}: valid\n`);
}

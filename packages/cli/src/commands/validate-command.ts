import type { PlacedProblem } from "@driver/nomad-host";
import { inspectJob, JobFileError, validateJob } from "@driver/nomad-host";
import type { Position } from "@driver/nomad-plugin";
import { checkTaskConfig, taskSchema } from "@driver/podman-driver";

import { parseValidateArguments } from "../arguments/parse-validate-arguments.ts";
import type { ValidateArguments } from "../arguments/parse-validate-arguments.ts";
import { formatError, formatPlace } from "../presentation/format-error.ts";
import { toPrintable } from "../presentation/to-printable.ts";
import { validateHelp } from "./help.ts";

/** What is known of the driver without asking Podman: attributes that a job may refer to have a stand-in. */
const driver = {
  name: "podman",
  taskSchema: taskSchema.spec,
  attributes: { "driver.podman": "1", "driver.podman.version": "0.0.0" },
  checkConfig: checkTaskConfig,
};

/** A mistake, in the job file or in what gives values to its variables. */
export interface FoundProblem {
  readonly message: string;
  readonly file: string;
  /** Absent: the file as a whole is meant. */
  readonly position: Position | undefined;
}

/** What was found out about a job file. */
export interface Verdict {
  readonly problems: readonly FoundProblem[];
  readonly notes: readonly PlacedProblem[];
}

/** `validate FILE`: settles with 0 when a run would start the job's tasks, and with 1 when the file has mistakes. */
export async function validateCommand(args: readonly string[]): Promise<number> {
  const wanted = parseValidateArguments(args);
  if (wanted.isHelpWanted) {
    process.stdout.write(validateHelp);
    return 0;
  }
  try {
    const verdict = await validateFile(wanted);
    await (wanted.isJsonWanted ? printJson : printText)(wanted.jobPath, verdict);
    return verdict.problems.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof JobFileError)) throw error;
    if (wanted.isJsonWanted) await printJson(wanted.jobPath, { problems: [error, ...error.further], notes: [] });
    else process.stderr.write(`${await formatError(error, { jobPath: wanted.jobPath, pluginConfigPath: undefined })}\n`);
    return 1;
  }
}

/**
 * What `validate` says of a job file, in the order of the file. Asks nobody.
 * @throws JobFileError when it cannot be read as a job at all
 */
export async function validateFile({
  jobPath,
  vars,
  varFiles,
}: Pick<ValidateArguments, "jobPath" | "vars" | "varFiles">): Promise<Verdict> {
  const { signal } = new AbortController();
  const { job, evaluated, problems } = await inspectJob(jobPath, { vars, varFiles, env: process.env, signal });
  const ofConfigs = await validateJob(evaluated, driver);
  const ofDriver = ofConfigs.problems.map((problem) => ({ ...problem, file: jobPath }));
  const found = problems.all().map(({ message, file, position }) => ({ message, file, position }));
  const ofVariables = found.filter(({ file }) => file !== jobPath);
  const ofJob = [...found.filter(({ file }) => file === jobPath), ...ofDriver].toSorted(byPlace);
  return { problems: [...ofVariables, ...ofJob], notes: [...job.notes, ...ofConfigs.notices].toSorted(byPlace) };
}

function byPlace({ position: left }: Pick<FoundProblem, "position">, { position: right }: Pick<FoundProblem, "position">): number {
  return (left?.line ?? 0) - (right?.line ?? 0) || (left?.column ?? 0) - (right?.column ?? 0);
}

async function printJson(file: string, { problems, notes }: Verdict): Promise<void> {
  const verdict = {
    valid: problems.length === 0,
    errors: problems.map(({ message, file: own, position }) => ({ message, file: own, ...position })),
    notes: notes.map(({ message, position }) => ({ message, file, ...position })),
  };
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}

async function printText(file: string, { problems, notes }: Verdict): Promise<void> {
  for (const { message, file: own, position } of problems) {
    const placed = position === undefined ? `${own}: ${message}` : await formatPlace(own, position, message);
    process.stderr.write(`${toPrintable(placed)}\n`);
  }
  for (const { message, position } of notes) process.stderr.write(`${toPrintable(`note: line ${position.line}: ${message}`)}\n`);
  if (problems.length === 0) process.stdout.write(`${toPrintable(file)}: valid\n`);
}

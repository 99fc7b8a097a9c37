import type { PlacedProblem } from "@driver/nomad-host";
import { inspectJob, JobFileError, validateJob } from "@driver/nomad-host";
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

/** What was found out about a job file. */
export interface Verdict {
  readonly problems: readonly PlacedProblem[];
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
    const { message, file, position } = error;
    if (wanted.isJsonWanted) writeJson({ valid: false, errors: [{ message, file, ...position }], notes: [] });
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
  const { job, problems } = await inspectJob(jobPath, { vars, varFiles, env: process.env, signal });
  const ofFile = problems.all().map(({ message, position }) => ({ message, position: position ?? job.position }));
  const found = [...ofFile, ...(await validateJob(job, driver))].toSorted(
    ({ position: left }, { position: right }) => left.line - right.line || left.column - right.column,
  );
  return { problems: found, notes: job.notes };
}

async function printJson(file: string, { problems, notes }: Verdict): Promise<void> {
  const place = ({ message, position }: PlacedProblem) => ({ message, file, ...position });
  writeJson({ valid: problems.length === 0, errors: problems.map(place), notes: notes.map(place) });
}

function writeJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function printText(file: string, { problems, notes }: Verdict): Promise<void> {
  for (const { message, position } of problems) process.stderr.write(`${toPrintable(await formatPlace(file, position, message))}\n`);
  for (const { message, position } of notes) process.stderr.write(`${toPrintable(`note: line ${position.line}: ${message}`)}\n`);
  if (problems.length === 0) process.stdout.write(`${toPrintable(file)}: valid\n`);
}

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Nomad's verdict on a job file. */
export interface NomadAnswer {
  readonly isValid: boolean;
  /** Its reason, shortened. */
  readonly reason: string;
}

/** Asks an installed Nomad, without an agent, whether a server would take each of these jobs. */
export async function askNomad(nomad: string, texts: readonly string[]): Promise<readonly NomadAnswer[]> {
  const folder = await mkdtemp(join(tmpdir(), "oracle-"));
  try {
    const answers: NomadAnswer[] = [];
    for (const text of texts) answers.push(await askOne(nomad, join(folder, "job.nomad.hcl"), text));
    return answers;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function askOne(nomad: string, path: string, text: string): Promise<NomadAnswer> {
  await writeFile(path, text);
  // Nobody listens there, so it validates by itself.
  const env = { ...process.env, NOMAD_ADDR: "http://127.0.0.1:1" };
  try {
    await run(nomad, ["job", "validate", path], { env });
    return { isValid: true, reason: "" };
  } catch (error) {
    if (!hasAnswered(error)) throw error;
    const { stdout = "", stderr = "" } =
      error instanceof Error ? (error as Error & { readonly stdout?: string; readonly stderr?: string }) : {};
    return { isValid: false, reason: toReason(`${stdout}\n${stderr}`) };
  }
}

/** Whether a program that failed has run at all. */
export function hasAnswered(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}

function toReason(output: string): string {
  const lines = output.split("\n").map((line) => line.replace(/^\s*\*?\s*/, "").trim());
  return (
    lines.filter((line) => line !== "" && !/^Driver configuration|errors?:? ?(?:occurred:)?$|^Error getting job/.test(line)).at(-1) ?? ""
  );
}

/** The first line of `nomad version`. */
export async function readNomadVersion(nomad: string): Promise<string> {
  return (await run(nomad, ["version"])).stdout.split("\n")[0] ?? "";
}

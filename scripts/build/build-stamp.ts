import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

/** What a build was made from: the files it read, and a hash over their names and contents. */
export interface BuildStamp {
  readonly inputs: readonly string[];
  readonly hash: string;
}

/** Hashes names and contents; a file that is gone counts as changed. Paths are relative to the working directory. */
export async function hashInputs(inputs: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) {
    hash.update(`${input}\0`);
    hash.update(await readFile(input).catch(() => "gone"));
  }
  return hash.digest("hex");
}

/** True when every input of the last build is as it was. */
export async function isFresh(stampPath: string): Promise<boolean> {
  const text = await readFile(stampPath, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  const stamp = parseStamp(text);
  return stamp !== undefined && (await hashInputs(stamp.inputs)) === stamp.hash;
}

/** Writes the stamp of a finished build. */
export async function writeStamp(stampPath: string, inputs: readonly string[]): Promise<void> {
  const stamp: BuildStamp = { inputs, hash: await hashInputs(inputs) };
  await writeFile(stampPath, `${JSON.stringify(stamp, undefined, 1)}\n`);
}

function parseStamp(text: string): BuildStamp | undefined {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("inputs" in value) || !("hash" in value)) return undefined;
  const { inputs, hash } = value;
  if (!Array.isArray(inputs) || typeof hash !== "string") return undefined;
  return { inputs: inputs.map(String), hash };
}

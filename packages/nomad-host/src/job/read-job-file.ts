import { readFile, stat } from "node:fs/promises";
import type { SourceFile } from "@driver/hcl";
import { codeOf, messageOf } from "@driver/std";
import { JobFileError } from "./job-file-error.ts";

/** Far above any job; a larger file is taken for something else. */
const maxFileBytes = 4 * 1024 * 1024;
const mark = "\uFEFF";

/**
 * Reads a job, variable or agent file as UTF-8 text; rejects with a JobFileError for what cannot be one. A byte order mark is taken
 * off, where Nomad takes one: at the start of HCL2, and of no JSON and no agent file.
 */
export async function readJobFile(
  path: string,
  signal: AbortSignal,
  { takesMark = true }: { readonly takesMark?: boolean } = {},
): Promise<SourceFile> {
  const source = { name: path, text: "" };
  const refuse = (message: string, cause?: unknown) => new JobFileError(message, { code: "not-a-job", source, cause });
  const bytes = await readBytes(path, signal).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw cause instanceof JobFileError ? cause : refuse(`read the file: ${explainReadError(cause)}`, cause);
  });
  if (bytes === "directory") throw refuse("this is a directory, not a job file");
  if (bytes === "special") throw refuse("this is neither a file nor a pipe");
  if (bytes === "too-large" || bytes.length > maxFileBytes)
    throw refuse(`the file is larger than ${maxFileBytes / 1024 / 1024} MiB, so it is no job file`);
  if (bytes.includes(0)) throw refuse("this is a binary file, not a job file");
  const text = toUtf8(bytes);
  if (text === undefined) throw refuse("the file is not UTF-8 text");
  if (text.trim() === "") throw refuse("the file is empty");
  if (!text.startsWith(mark)) return { name: path, text };
  const unmarked = text.slice(mark.length);
  const isJson = path.endsWith(".json") || unmarked.trimStart().startsWith("{");
  const problem = "the file begins with a byte order mark, which Nomad does not read here; save it as UTF-8 without one";
  if (isJson || !takesMark) throw refuse(problem);
  return { name: path, text: unmarked };
}

async function readBytes(path: string, signal: AbortSignal): Promise<Buffer | "directory" | "special" | "too-large"> {
  const stats = await stat(path);
  if (stats.isDirectory()) return "directory";
  if (!stats.isFile() && !stats.isFIFO()) return "special";
  if (stats.size > maxFileBytes) return "too-large";
  return readFile(path, { signal });
}

function toUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // The decoder throws for one reason only: bytes that are no UTF-8.
    return undefined;
  }
}

function explainReadError(cause: unknown): string {
  const code = codeOf(cause);
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  return messageOf(cause);
}

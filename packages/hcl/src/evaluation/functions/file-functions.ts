import { readFileSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { homedir } from "node:os";
import { basename, normalize, resolve } from "node:path";
import { messageOf } from "@driver/std";
import type { HclValue } from "../../value/hcl-value.ts";
import { textArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";

/** A job carries configuration files, not data. */
const maxFileBytes = 16 * 1024 * 1024;

export const fileFunctions: FunctionTable = {
  file: { min: 1, max: 1, apply: readText },
  filebase64: { min: 1, max: 1, apply: (args, context) => readBytes(args, context).toString("base64") },
  fileexists: { min: 1, max: 1, apply: fileExists },
  abspath: { min: 1, max: 1, apply: (args, context) => resolve(context.baseDir, textArgument(args, 0, context)) },
  pathexpand: { min: 1, max: 1, apply: (args, context) => expandHome(textArgument(args, 0, context), context) },
  basename: { min: 1, max: 1, apply: (args, context) => lastName(textArgument(args, 0, context)) },
  dirname: { min: 1, max: 1, apply: (args, context) => folderOf(textArgument(args, 0, context)) },
};

function toPath(args: readonly HclValue[], context: CallContext): string {
  return resolve(context.baseDir, expandHome(textArgument(args, 0, context), context));
}

function expandHome(path: string, context: CallContext): string {
  if (!path.startsWith("~")) return path;
  if (path !== "~" && !path.startsWith("~/")) throw context.fail(`${path}: another user's home is not looked up`);
  return clean(`${homedir()}/${path.slice(1)}`);
}

/** The shortest path that means the same (`go`: filepath.Clean). */
function clean(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** What stands before the last slash (`go`: filepath.Dir). */
function folderOf(path: string): string {
  return clean(path.slice(0, path.lastIndexOf("/") + 1));
}

/** What stands behind the last slash, but for slashes at the end (`go`: filepath.Base). */
function lastName(path: string): string {
  return basename(path) || (path === "" ? "." : "/");
}

function readBytes(args: readonly HclValue[], context: CallContext): Buffer {
  const path = toPath(args, context);
  const stats = statFile(path, context);
  if (stats === undefined) throw context.fail(`there is no file ${path}`);
  if (!stats.isFile()) throw context.fail(`${path} is no regular file`);
  if (stats.size > maxFileBytes) throw context.fail(`${path} is larger than ${maxFileBytes / 1024 / 1024} MiB`);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw context.fail(`read ${path}: ${messageOf(cause)}`);
  }
}

function statFile(path: string, context: CallContext): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw context.fail(`look at ${path}: ${messageOf(cause)}`);
  }
}

function readText(args: readonly HclValue[], context: CallContext): HclValue {
  const bytes = readBytes(args, context);
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) throw context.fail(`${toPath(args, context)} is not UTF-8 text; use filebase64`);
  return text;
}

function fileExists(args: readonly HclValue[], context: CallContext): HclValue {
  const stats = statFile(toPath(args, context), context);
  if (stats !== undefined && !stats.isFile()) throw context.fail(`${toPath(args, context)} is no regular file`);
  return stats !== undefined;
}

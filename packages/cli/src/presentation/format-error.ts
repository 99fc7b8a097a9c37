import { readFile, stat } from "node:fs/promises";

import { JobFileError, RunError, toExcerpt } from "@driver/nomad-host";
import { ConfigError } from "@driver/nomad-plugin";
import type { Position } from "@driver/nomad-plugin";

import { messageOf } from "@driver/std";
import { toPrintable } from "./to-printable.ts";

/** The files that an error's position may point into. */
export interface ErrorSources {
  readonly jobPath: string;
  readonly pluginConfigPath: string | undefined;
}

/** What went wrong, and where if it is a place in a file. */
export interface LocatedError {
  readonly message: string;
  readonly path: string | undefined;
  readonly position: Position | undefined;
}

/** Finds the place of an error, and of those that came with it; `path` is undefined when it has none. */
export function locateErrors(error: unknown, sources: ErrorSources): readonly LocatedError[] {
  const message = messageOf(error);
  if (error instanceof JobFileError)
    return [error, ...error.further].map((one) => ({ message: one.message, path: one.file, position: one.position }));
  const position = error instanceof RunError || error instanceof ConfigError ? error.position : undefined;
  const isAboutPlugin = error instanceof RunError && error.code === "plugin-config-invalid";
  const path = isAboutPlugin ? sources.pluginConfigPath : sources.jobPath;
  const further = error instanceof RunError ? error.further.map((other) => ({ ...other, path })) : [];
  return [{ message, path: position === undefined ? undefined : path, position }, ...further];
}

/** Errors as people want to see them: the place, the sentence, the line with a caret; never a stack. */
export async function formatError(error: unknown, sources: ErrorSources): Promise<string> {
  if (error instanceof JobFileError) return toPrintable(error.format());
  const parts: string[] = [];
  for (const { message, path, position } of locateErrors(error, sources))
    parts.push(position === undefined || path === undefined ? `error: ${message}` : await formatPlace(path, position, message));
  return toPrintable(parts.join("\n"));
}

/** A message with its place, the line and a caret. */
export async function formatPlace(path: string, position: Position, message: string): Promise<string> {
  const text = await readAgain(path).catch(() => undefined);
  const excerpt = text === undefined ? "" : toExcerpt(text, position);
  return [`${path}:${position.line}:${position.column}: ${message}`, excerpt].filter((part) => part !== "").join("\n");
}

/** A pipe has been read already, and opening a named one again would wait for ever. */
async function readAgain(path: string): Promise<string | undefined> {
  return (await stat(path)).isFile() ? readFile(path, "utf8") : undefined;
}

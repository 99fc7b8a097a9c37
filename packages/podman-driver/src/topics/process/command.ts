import type { HclValue } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";

interface CommandOptions {
  readonly command?: string | undefined;
  readonly args: readonly string[];
  readonly entrypoint?: HclValue | undefined;
}

export interface WantedCommand {
  /** Empty: the image's. */
  readonly command: readonly string[];
  /** Undefined: the image's. */
  readonly entrypoint: readonly string[] | undefined;
}

/** What is to run: `args` alone replace the image's CMD as well (as with the Go driver). */
export function toCommand({ command, args, entrypoint: given }: CommandOptions, report: Report): WantedCommand {
  const entrypoint = toEntrypoint(given, report);
  if (command !== undefined && command.trim() !== command) {
    report.refuse({
      key: "command",
      value: command,
      problem: "has blanks at an end, which no program's name has",
      remedy: "remove them, and give arguments in args",
    });
  }
  const whole = [...(command === undefined ? [] : [command]), ...args];
  // Podman drops the image's CMD as well, and says so at the start only (podman 5.4 to 6.1).
  if (entrypoint?.length === 1 && entrypoint[0] === "" && whole.length === 0) {
    report.refuse({
      key: "entrypoint",
      value: entrypoint,
      problem: "takes away what the image runs, and the task says nothing else",
      remedy: "set command",
    });
  }
  return { command: whole, entrypoint };
}

/** A list, or for old jobs one string, which is one word and is not split. */
function toEntrypoint(value: HclValue | undefined, report: Report): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((part) => typeof part === "string" || typeof part === "number" || typeof part === "boolean")) {
    return value.map(String);
  }
  report.refuse({ key: "entrypoint", problem: "is no command", remedy: 'it must be a list of strings, such as ["/bin/sh", "-c"]' });
  return undefined;
}

/** Linux takes no longer argument or variable (execve(2): MAX_ARG_STRLEN, 32 pages, with the zero at its end). */
const longestBytes = 131_071;

/** Podman starts a container with a longer one, and its program fails before it has run (podman 4.3 to 6.1). Names no value. */
export function checkLengths(env: Readonly<Record<string, string>>, command: readonly string[], report: Report): void {
  const remedy = `Linux takes at most ${longestBytes}; a template can write it into a file`;
  for (const [name, value] of Object.entries(env)) {
    const bytes = Buffer.byteLength(name) + 1 + Buffer.byteLength(value);
    if (bytes > longestBytes) report.refuse({ key: `env ${name}`, problem: `is ${bytes} bytes long`, remedy });
  }
  for (const word of command) {
    const bytes = Buffer.byteLength(word);
    if (bytes > longestBytes) report.refuse({ key: "args", problem: `has an argument of ${bytes} bytes`, remedy });
  }
}

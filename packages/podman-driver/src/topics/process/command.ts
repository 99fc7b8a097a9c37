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
  report.refuse({ key: "entrypoint", value, problem: "is no command", remedy: 'it must be a list of strings, such as ["/bin/sh", "-c"]' });
  return undefined;
}

/** Linux takes no longer argument or variable (execve(2): MAX_ARG_STRLEN, 32 pages, with the zero at its end). */
const longestBytes = 131_071;

/** What a program is given. */
export interface GivenWords {
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[];
}

/**
 * Podman starts a container with a longer word, and its program fails before it has run; at a zero byte a word ends, without a word
 * of Podman's (podman 4.3 to 6.1). Names no value.
 */
export function checkWords({ env, entrypoint = [], command }: GivenWords, report: Report): void {
  const words = [
    ...Object.entries(env).map(([name, value]) => ({ key: `env ${name}`, text: `${name}=${value}`, has: "" })),
    ...entrypoint.map((text) => ({ key: "entrypoint", text, has: "has a word that " })),
    ...command.map((text) => ({ key: "args", text, has: "has a word that " })),
  ];
  for (const { key, text, has } of words) {
    const bytes = Buffer.byteLength(text);
    if (bytes > longestBytes) {
      const remedy = `Linux takes at most ${longestBytes}; a template can write it into a file`;
      report.refuse({ key, problem: `${has}is ${bytes} bytes long`, remedy });
    }
    if (text.includes("\0")) report.refuse({ key, problem: `${has}has a zero byte, at which it would end`, remedy: "remove it" });
  }
}

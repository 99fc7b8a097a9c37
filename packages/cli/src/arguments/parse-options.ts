import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { messageOf } from "@driver/std";
import { UsageError } from "../usage-error.ts";
import { toLongOptions } from "./to-long-options.ts";

/**
 * The options of a command and what stands beside them, in Nomad's spelling (`-var x=1`) or the usual one.
 * @throws UsageError that names the command, and the option as it was written
 */
export function parseOptions<O extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>> {
  const known = Object.keys(options);
  try {
    return parseArgs({ args: toLongOptions(args, known), options, allowPositionals: true });
  } catch (error) {
    const isUnknown = error instanceof Error && "code" in error && error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION";
    const unknown = isUnknown ? args.find((argument) => isUnknownOption(argument, known)) : undefined;
    const problem = unknown === undefined ? messageOf(error) : `unknown option ${JSON.stringify(unknown)}; -h shows all there are`;
    throw new UsageError(`${command}: ${problem}`, { cause: error });
  }
}

function isUnknownOption(argument: string, known: readonly string[]): boolean {
  const name = /^--?([^=-][^=]*)/.exec(argument)?.[1];
  return name !== undefined && name !== "h" && !known.includes(name);
}

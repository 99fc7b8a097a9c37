import manifest from "../package.json" with { type: "json" };
import { generalHelp } from "./commands/help.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line, without program name; settles with the exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
}

async function dispatch([command, ...rest]: readonly string[]): Promise<number> {
  switch (command) {
    case "run": {
      const { runCommand } = await import("./commands/run-command.ts");
      return runCommand(rest);
    }
    case "validate": {
      const { validateCommand } = await import("./commands/validate-command.ts");
      return validateCommand(rest);
    }
    case "version":
    case "-version":
    case "--version":
    case "-v":
      process.stdout.write(`nomad-driver-podman v${manifest.version}\n`);
      return 0;
    case "help":
    case "-help":
    case "--help":
    case "-h":
      process.stdout.write(generalHelp);
      return 0;
    case undefined:
      process.stderr.write(generalHelp);
      return 1;
    default:
      throw new UsageError(`unknown command ${JSON.stringify(command)}; known are run, validate, version and help`);
  }
}

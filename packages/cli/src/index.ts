export { runCli } from "./run-cli.ts";
export { runPlugin } from "./run-plugin.ts";
export { validateFile, type Verdict } from "./commands/validate-command.ts";

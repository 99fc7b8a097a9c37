export { runCli } from "./run-cli.ts";
export { runPlugin } from "./run-plugin.ts";

import { getAsset, getRawAsset, isSea } from "node:sea";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import type { runCli } from "./run-cli.ts";

interface Cli {
  readonly runCli: typeof runCli;
}

/**
 * The command line's side of the program. In the single executable it is an asset: Node keeps the whole text of a program in
 * memory, and a plugin, which never needs this half, lives for as long as its node.
 */
export async function loadCli(): Promise<Cli> {
  if (!isSea()) return import("./run-cli.ts");
  const cachedData = new Uint8Array(getRawAsset("run-cli.cache"));
  const script = new Script(getAsset("run-cli.cjs", "utf8"), { filename: "run-cli.cjs", cachedData });
  const module: { readonly exports: Partial<Cli> } = { exports: {} };
  // A function of these two, as scripts/build.ts makes it.
  (script.runInThisContext() as (module: object, moduleUrl: string) => void)(module, pathToFileURL(process.execPath).href);
  return module.exports as Cli;
}

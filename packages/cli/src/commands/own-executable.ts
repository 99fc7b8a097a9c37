import { isSea } from "node:sea";

/** How this very program is started once more, as a plugin. */
export function ownExecutable(): { readonly command: string; readonly args: readonly string[] } {
  const script = process.argv[1];
  return { command: process.execPath, args: isSea() || script === undefined ? [] : [script] };
}

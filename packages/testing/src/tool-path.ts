import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { TestingError } from "./testing-error.ts";

const systemFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** PATH and the system's folders: Podman and netavark look for iptables in PATH alone. */
export function searchPath(): string {
  return [...new Set([...(process.env["PATH"] ?? "").split(delimiter), ...systemFolders])].join(delimiter);
}

/** Finds a program in PATH or one of the system's folders (an ordinary user's PATH often lacks sbin). */
export function findTool(name: string): string | undefined {
  return searchPath().split(delimiter).map((folder) => join(folder, name)).find((path) => isExecutable(path));
}

/** Like findTool. @throws TestingError "tool-missing" that names the program. */
export function resolveTool(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new TestingError("tool-missing", `The program ${name} is not installed, and the test engine needs it.`);
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

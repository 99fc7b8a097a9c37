import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The names that Podman knows without configuration, and where it looks for them (podman 5.4: containers-common, default.go). */
const runtimeNames = ["crun", "crun-vm", "crun-wasm", "kata", "krun", "ocijail", "runc", "runj", "runsc", "youki"];
const runtimeFolders = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/sbin", "/bin", "/run/current-system/sw/bin"];

/** The OCI runtimes of this host that Podman would find by name, sorted, and `chosen`, which it has found whatever it is called. */
export function listRuntimes(chosen: string, folders: readonly string[] = runtimeFolders): readonly string[] {
  const found = runtimeNames.filter((name) => folders.some((folder) => isProgram(join(folder, name))));
  return [...new Set([...found, ...(chosen === "" ? [] : [chosen])])].toSorted();
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

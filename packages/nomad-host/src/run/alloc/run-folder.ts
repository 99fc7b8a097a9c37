import { chmod, lstat, mkdtemp, readdir } from "node:fs/promises";
import { join } from "node:path";

import { isMarkOfDead, toProcessMark } from "@driver/go-plugin";

const prefix = "nomad-run";

/** Makes the folder of one run below `parentPath`; its name tells the process that owns it. */
export async function createRunFolder(parentPath: string): Promise<string> {
  const path = await mkdtemp(join(parentPath, `${prefix}-${toProcessMark(process.pid)}-`));
  // Others may walk through: a rootless engine runs as another user.
  await chmod(path, 0o711);
  return path;
}

/** The folders below `parentPath` of this user's runs that were killed before they could remove them. */
export async function findDeadRunFolders(parentPath: string): Promise<readonly string[]> {
  const dead: string[] = [];
  // A folder that cannot be listed hides nothing that could be told.
  for (const name of await readdir(parentPath).catch(() => [])) {
    const [, mark] = new RegExp(`^${prefix}-(.+)-\\w{6}$`).exec(name) ?? [];
    if (mark !== undefined && isMarkOfDead(mark) && (await isOwnFolder(join(parentPath, name)))) dead.push(join(parentPath, name));
  }
  return dead;
}

async function isOwnFolder(path: string): Promise<boolean> {
  // Undefined: another run or its owner has removed it in this moment.
  const stat = await lstat(path).catch(() => undefined);
  return stat !== undefined && stat.isDirectory() && stat.uid === process.geteuid?.();
}

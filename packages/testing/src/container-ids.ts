import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";

/** Of user namespaces that Podman chooses the ids of itself, it takes them from this user's. */
const owner = "containers";
const firstId = 500_000;
const count = 262_144;

/**
 * Gives Podman ids for user namespaces in /etc/subuid and /etc/subgid, in this world alone: the files are others in it. `folder` is
 * where they are kept.
 * @throws TestingError "not-permitted" when they cannot be put there
 */
export async function giveContainersIds(folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ["subuid", "subgid"]) {
    const ids = join(folder, name);
    await writeFile(ids, `${owner}:${firstId}:${count}\n${await readFile(`/etc/${name}`, "utf8").catch(() => "")}`);
    const { code, stderr } = await runProcess("mount", ["--bind", ids, `/etc/${name}`], { signal });
    if (code !== 0) throw new TestingError("not-permitted", `/etc/${name} cannot be another one in this world: ${stderr.trim()}`);
  }
}

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { runProcess, type ProcessUser } from "./run-process.ts";
import { findTool } from "./tool-path.ts";

const run = promisify(execFile);

/** A user who is not root. */
export interface OrdinaryUser extends ProcessUser {
  readonly name: string;
}

const user: OrdinaryUser = { name: "ndp-user", uid: 4242, gid: 4242 };
const firstSubordinateId = 524_288;
/** What his networks and his storage are made with, each with its minor number. */
const devices = [["/dev/net/tun", "200"], ["/dev/fuse", "229"]] as const;

/** What keeps root from having an engine for an ordinary user here, in one sentence; undefined: nothing. */
export async function whyNoOrdinaryUser(signal: AbortSignal): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "only root can be two users";
  const missing = ["newuidmap", "newgidmap", "setpriv"].find((name) => findTool(name) === undefined);
  if (missing !== undefined) return `${missing} is not installed (Debian: uidmap)`;
  if (!["slirp4netns", "pasta"].some((name) => findTool(name) !== undefined)) {
    return "neither slirp4netns nor pasta, of Debian's passt, is installed";
  }
  const { code, stderr } = await runProcess("setpriv", [`--reuid=${user.uid}`, "--clear-groups", "unshare", "--user", "true"], { signal });
  return code === 0 ? undefined : `the kernel does not let ordinary users make user namespaces (${stderr.trim()})`;
}

/**
 * Makes an ordinary user with subordinate ids, who can open /dev/net/tun and /dev/fuse, in this world alone: the files of accounts and
 * the devices are others in it. Nobody must be called so already, and the world's folder can be passed through from then on.
 */
export async function makeOrdinaryUser(worldFolder: string): Promise<OrdinaryUser> {
  const folder = join(worldFolder, "ordinary-user");
  await mkdir(folder, { mode: 0o755 });
  await chmod(worldFolder, 0o711);
  const range = `${user.name}:${firstSubordinateId}:65536\n`;
  const lines = {
    passwd: `${user.name}:x:${user.uid}:${user.gid}::/nonexistent:/bin/sh\n`,
    group: `${user.name}:x:${user.gid}:\n`,
    subuid: range,
    subgid: range,
  };
  for (const [name, line] of Object.entries(lines)) {
    const former = await readFile(`/etc/${name}`, "utf8");
    await writeFile(join(folder, name), former.endsWith("\n") || former === "" ? former + line : `${former}\n${line}`);
    await run("mount", ["--bind", join(folder, name), `/etc/${name}`]);
  }
  for (const [path, minor] of devices) {
    if (!existsSync(path)) continue;
    const device = join(folder, basename(path));
    await run("mknod", ["-m", "666", device, "c", "10", minor]);
    await run("mount", ["--bind", device, path]);
  }
  return user;
}

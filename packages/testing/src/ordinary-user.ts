import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { runProcess, type ProcessUser } from "./run-process.ts";
import { findTool } from "./tool-path.ts";

const run = promisify(execFile);

/** A user who is not root. */
export interface OrdinaryUser extends ProcessUser {
  readonly name: string;
}

/** Engines of one user share what Podman keeps for him, and the end of one ends it: test files that run side by side have one each. */
const users = {
  first: { name: "ndp-user", uid: 4242, gid: 4242, firstSubordinateId: 1_048_576 },
  second: { name: "ndp-other", uid: 4343, gid: 4343, firstSubordinateId: 1_114_112 },
} as const;
const probeUid = users.first.uid;
const makeTimeoutMs = 60_000;
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
  const { code, stderr } = await runProcess("setpriv", [`--reuid=${probeUid}`, "--clear-groups", "unshare", "--user", "true"], { signal });
  return code === 0 ? undefined : `the kernel does not let ordinary users make user namespaces (${stderr.trim()})`;
}

/**
 * Makes ordinary users with subordinate ids, who can open /dev/net/tun and /dev/fuse, in this world alone: the files of accounts and
 * the devices are others in it. Nobody must be called so already, and the world's folder can be passed through from then on. Settles
 * with the one that is asked for.
 */
export async function makeOrdinaryUser(worldFolder: string, which: keyof typeof users = "first"): Promise<OrdinaryUser> {
  const folder = join(worldFolder, "ordinary-user");
  const sign = join(folder, "made");
  if (await mkdir(folder, { mode: 0o755 }).then(() => true, () => false)) {
    await chmod(worldFolder, 0o711);
    await addAccounts(folder);
    await openDevices(folder);
    await writeFile(sign, "");
  }
  const signal = AbortSignal.timeout(makeTimeoutMs);
  while (!existsSync(sign)) await delay(50, undefined, { signal });
  const { name, uid, gid } = users[which];
  return { name, uid, gid };
}

async function addAccounts(folder: string): Promise<void> {
  const all = Object.values(users);
  const ranges = all.map(({ name, firstSubordinateId }) => `${name}:${firstSubordinateId}:65536\n`);
  const lines = {
    passwd: all.map(({ name, uid, gid }) => `${name}:x:${uid}:${gid}::/nonexistent:/bin/sh\n`),
    group: all.map(({ name, gid }) => `${name}:x:${gid}:\n`),
    subuid: ranges,
    subgid: ranges,
  };
  for (const [name, added] of Object.entries(lines)) {
    const former = await readFile(`/etc/${name}`, "utf8");
    const separator = former.endsWith("\n") || former === "" ? "" : "\n";
    await writeFile(join(folder, name), [former, separator, ...added].join(""));
    await run("mount", ["--bind", join(folder, name), `/etc/${name}`]);
  }
}

async function openDevices(folder: string): Promise<void> {
  for (const [path, minor] of devices) {
    if (!existsSync(path)) continue;
    const device = join(folder, basename(path));
    await run("mknod", ["-m", "666", device, "c", "10", minor]);
    await run("mount", ["--bind", device, path]);
  }
}

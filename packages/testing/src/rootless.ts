import { accessSync, constants, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { runProcess } from "./run-process.ts";
import { TestingError } from "./testing-error.ts";
import { findTool } from "./tool-path.ts";

/** Options of `unshare` that make an ordinary user root of a user namespace which has his subordinate ids too. */
export const userNamespaceOptions = ["--user", "--map-root-user", "--map-auto"];

/** What makes Podman behave as the rootless engine of a user inside such a namespace, instead of making one itself. */
export function rootlessEnvironment(): Readonly<Record<string, string>> {
  const { uid, gid } = userInfo();
  return {
    _CONTAINERS_USERNS_CONFIGURED: "done",
    _CONTAINERS_ROOTLESS_UID: String(uid),
    _CONTAINERS_ROOTLESS_GID: String(gid),
    WORLD_USER: "rootless",
  };
}

/** @throws TestingError with one sentence about the first thing that keeps an ordinary user from having an engine here. */
export async function checkRootlessHost(signal: AbortSignal): Promise<void> {
  const missing = await findRootlessObstacle(signal);
  if (missing !== undefined) {
    throw new TestingError("not-permitted", `An engine for an ordinary user needs more than this host gives: ${missing}`);
  }
}

async function findRootlessObstacle(signal: AbortSignal): Promise<string | undefined> {
  const tool = ["newuidmap", "newgidmap", "slirp4netns"].find((name) => findTool(name) === undefined);
  if (tool !== undefined) return `${tool} is not installed (Debian: uidmap, slirp4netns).`;
  const { username, uid } = userInfo();
  const file = ["/etc/subuid", "/etc/subgid"].find((path) => !hasSubordinateIds(readText(path), username, uid));
  if (file !== undefined) {
    const remedy = `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`;
    return `${file} has no ids for ${username}; root can add them: ${remedy}`;
  }
  // Asked without a mapping first: with one, unshare waits for ever when the kernel refuses.
  const namespace = await runProcess("unshare", ["--user", "true"], { signal });
  if (namespace.code !== 0) return `the kernel does not let ordinary users make user namespaces (${namespace.stderr.trim()}).`;
  return canUseTun() ? undefined : "/dev/net/tun cannot be opened, which container networks without root depend on.";
}

/** Lines of /etc/subuid and /etc/subgid are `user name or id:first id:count`. */
export function hasSubordinateIds(table: string, username: string, uid: number): boolean {
  return table.split("\n").some((line) => {
    const [owner, , count] = line.split(":");
    return (owner === username || owner === String(uid)) && Number(count) >= 65_536;
  });
}

function canUseTun(): boolean {
  try {
    accessSync("/dev/net/tun", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

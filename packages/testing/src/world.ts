import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createCgroupScope, removeCgroupScope, type CgroupScope } from "./cgroup-scope.ts";
import { sweepNetwork } from "./host-network.ts";
import { createOwnedFolder, listStaleFolders } from "./owned-folder.ts";
import { checkRootlessHost, rootlessEnvironment, userNamespaceOptions } from "./rootless.ts";
import { resolveTool, searchPath } from "./tool-path.ts";

const prepareScript = fileURLToPath(new URL("./world-prepare.sh", import.meta.url));
const folderParent = "/var/tmp";
const folderPrefix = "nomad-driver-podman-";
const isOrdinaryUser = process.getuid?.() !== 0;
const scopeFile = "cgroups.json";
/** Where root's engines, and CNI for those before Podman 4.0, keep notes whatever they are told; in a world these are other folders. */
const enginesFolders = ["/var/lib/containers", "/var/lib/cni"];

export interface WorldOptions {
  /** "own": nothing but loopback, gone with the world. "host": published ports can be reached from outside. */
  readonly network: "own" | "host";
  /** Another release's programs, libraries and container settings in the place of the host's. Default: the host's. */
  readonly userland?: WorldUserland | undefined;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** An abort kills the world and everything in it. */
  readonly signal: AbortSignal;
  /** Called once the world's first process is on its way. */
  readonly onStart?: (world: RunningWorld) => void;
}

export interface WorldUserland {
  /** A folder with a release's `usr` and `etc`, unpacked. */
  readonly folder: string;
  /**
   * On a host with cgroup v1. "v1": its controllers without the cgroup2 mount beside them, with which crun refuses to work. "v2":
   * cgroup2 alone, of whose controllers the host's v1 mounts leave none.
   */
  readonly cgroups: "v1" | "v2";
}

/** The handle by which signals reach the command of a world. */
export interface RunningWorld {
  /** Sends a signal to the command (through the world's first process). False when it is not there (yet or any more). */
  signalCommand(name: NodeJS.Signals): boolean;
}

/**
 * Runs a command in a world of its own: mounts, processes, cgroups and (unless "host") network are private, and all of them
 * are gone when the command ends or this process dies, whatever the reason. The command gets WORLD_FOLDER (/run/world), a
 * writable folder on disk that is removed afterwards, and TMPDIR inside it. An ordinary user gets a rootless world. Settles
 * with the command's exit code (128 + n after a signal).
 * @throws TestingError when the host lacks a tool or refuses namespaces.
 */
export async function runInWorld(options: WorldOptions): Promise<number> {
  options.signal.throwIfAborted();
  const tools = { setpriv: resolveTool("setpriv"), unshare: resolveTool("unshare") };
  resolveTool("catatonit");
  if (isOrdinaryUser) await checkRootlessHost(options.signal);
  await sweepStaleWorlds();
  const folder = await createOwnedFolder(folderParent, folderPrefix);
  const scope = await createCgroupScope(basename(folder.path)).catch((): CgroupScope => ({ directories: [] }));
  const madeFolders = isOrdinaryUser ? [] : await makeMissing(enginesFolders);
  try {
    await writeFile(join(folder.path, scopeFile), JSON.stringify(scope.directories));
    await mkdir(join(folder.path, "tmp"), { mode: 0o1777 });
    const child = spawn(tools.setpriv, worldArguments(tools.unshare, options, scope), {
      stdio: "inherit",
      detached: true,
      env: {
        ...options.env,
        ...(isOrdinaryUser ? rootlessEnvironment() : {}),
        PATH: searchPath(),
        WORLD_FOLDER: folder.path,
        WORLD_NETWORK: options.network,
        WORLD_CGROUPS: scope.directories.length > 0 ? "own" : "host",
        ...(options.userland !== undefined && { WORLD_USERLAND: options.userland.folder, WORLD_CGROUP_VERSION: options.userland.cgroups }),
      },
    });
    return await waitForWorld(child, options);
  } finally {
    await removeCgroupScope(scope);
    await removeWorldFolder(folder.path);
    // Fails, as it should, when the user's own Podman has moved in meanwhile.
    for (const made of madeFolders) await rmdir(made).catch(() => undefined);
  }
}

/** Settles with those folders that were not there. */
async function makeMissing(folders: readonly string[]): Promise<readonly string[]> {
  const made = await Promise.all(folders.map(async (folder) => ((await mkdir(folder, { recursive: true })) === undefined ? [] : [folder])));
  return made.flat();
}

/** Removes what worlds left on disk and in the group tree when their owner was killed. */
export async function sweepStaleWorlds(): Promise<void> {
  for (const path of await listStaleFolders(folderParent, folderPrefix)) {
    const directories: unknown = JSON.parse(await readFile(join(path, scopeFile), "utf8").catch(() => "[]"));
    await removeCgroupScope({ directories: [directories].flat().map(String) });
    await sweepNetwork(path);
    await removeWorldFolder(path);
  }
}

/** In a rootless storage some files belong to the user's subordinate ids, which only his namespace may remove. */
async function removeWorldFolder(path: string): Promise<void> {
  if (isOrdinaryUser) await promisify(execFile)("unshare", [...userNamespaceOptions, "rm", "-rf", path]);
  else await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * The shell enters the groups before the namespaces are made, so that they are the root which the world sees. Under v2 alone it then
 * goes down from there with all that follows, as a group with a process in it cannot pass controllers on, and `unshare` stays.
 */
function worldArguments(unshare: string, options: WorldOptions, { directories }: CgroupScope): string[] {
  const enter = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"';
  const descend = 'mkdir "$1/world" && echo $$ >"$1/world/cgroup.procs"; shift; exec "$@"';
  const user = isOrdinaryUser ? userNamespaceOptions : [];
  const groups = directories.length > 0 ? [unshare, ...user, "--cgroup"] : [];
  const namespaces = [...(groups.length > 0 ? [] : user), "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  if (options.network === "own") namespaces.push("--net");
  return [
    ...["--pdeathsig", "KILL", "/bin/sh", "-c", enter, "sh", ...directories, "--"],
    ...groups,
    ...directories.filter(isUnified).flatMap((directory) => ["/bin/sh", "-c", descend, "sh", directory]),
    ...[unshare, ...namespaces, "/bin/sh", prepareScript, ...options.command],
  ];
}

/** Whether it is a group of v2 where the kernel's controllers are v2's: beside v1 it has nothing to pass on. */
function isUnified(directory: string): boolean {
  return dirname(directory) === "/sys/fs/cgroup" && existsSync(join(directory, "cgroup.controllers"));
}

function waitForWorld(child: ChildProcess, options: WorldOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const kill = () => child.kill("SIGKILL");
    options.signal.addEventListener("abort", kill, { once: true });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      options.signal.removeEventListener("abort", kill);
      if (options.signal.aborted) reject(options.signal.reason);
      else resolve(code ?? (signal === "SIGKILL" ? 137 : 1));
    });
    options.onStart?.({ signalCommand: (name) => signalFirstProcess(child.pid, name) });
  });
}

/** `unshare` itself ignores SIGINT and SIGTERM while it waits, so its child, the world's PID 1, is the one to tell. */
function signalFirstProcess(unsharePid: number | undefined, name: NodeJS.Signals): boolean {
  try {
    const children = readFileSync(`/proc/${unsharePid}/task/${unsharePid}/children`, "utf8").trim();
    return children !== "" && process.kill(Number(children.split(" ")[0]), name);
  } catch {
    return false;
  }
}

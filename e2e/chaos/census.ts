import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Engine } from "@driver/testing";

const run = promisify(execFile);

/** Things that a run must not leave behind, by kind. */
export type Census = Readonly<Record<CensusKind, readonly string[]>>;

export type CensusKind =
  | "containers"
  | "storage containers"
  | "pods"
  | "processes"
  | "cgroups"
  | "mounts"
  | "network namespaces"
  | "links"
  | "firewall rules"
  | "exit files"
  | "container folders";

/** Looks at everything that a container can leave on the host of this world. */
export async function takeCensus(engine: Engine, storage: string): Promise<Census> {
  const folder = dirname(engine.socketPath);
  const list = async (args: readonly string[]): Promise<string[]> =>
    (await engine.run(args)).stdout.split("\n").filter((line) => line !== "");
  const known = await list(["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Status}}"]);
  const external = await list(["ps", "--all", "--external", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Status}}"]);
  return {
    containers: known,
    "storage containers": external.filter((line) => !known.some((other) => other.slice(0, 64) === line.slice(0, 64))),
    pods: await list(["pod", "ps", "--no-trunc", "--format", "{{.ID}} {{.Name}} {{.Status}}"]),
    processes: listProcesses(),
    cgroups: listCgroups("/sys/fs/cgroup"),
    mounts: listMounts([folder, storage]),
    "network namespaces": listNamespaces(),
    links: namesIn("/sys/class/net").filter((name) => name.startsWith("veth")),
    "firewall rules": await listRules(),
    "exit files": namesIn(join(folder, "tmp/exits")),
    "container folders": [...namesIn(join(storage, "overlay-containers")), ...namesIn(join(folder, "run/overlay-containers"))].filter(
      (name) => /^[0-9a-f]{64}$/.test(name),
    ),
  };
}

/** What `after` has and `before` had not. */
export function compareCensus(before: Census, after: Census): Record<CensusKind, readonly string[]> {
  const fresh = (kind: CensusKind): readonly string[] => after[kind].filter((entry) => !before[kind].includes(entry));
  return {
    containers: fresh("containers"),
    "storage containers": fresh("storage containers"),
    pods: fresh("pods"),
    processes: fresh("processes"),
    cgroups: fresh("cgroups"),
    mounts: fresh("mounts"),
    "network namespaces": fresh("network namespaces"),
    links: fresh("links"),
    "firewall rules": fresh("firewall rules"),
    "exit files": fresh("exit files"),
    "container folders": fresh("container folders"),
  };
}

/** Mounts of containers below the folders. */
export function listMounts(folders: readonly string[]): string[] {
  const paths = readText("/proc/self/mountinfo").split("\n").map((line) => line.split(" ")[4] ?? "");
  return paths.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)) && !path.endsWith("/storage/overlay"));
}

/** Those that are kept by a mount: Podman's are, of containers with a network of their own. */
function listNamespaces(): string[] {
  return readText("/proc/self/mountinfo").split("\n").filter((line) => line.includes(" - nsfs ")).map((line) => line.split(" ")[4] ?? "");
}

/** The rules of single containers: their published ports, and those that name one. */
async function listRules(): Promise<string[]> {
  const { stdout } = await run("iptables-save").catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter((line) => / -j DNAT | id: \\?"/.test(line)).map((line) => line.replace(/^\[.*?\] /, ""));
}

/** conmon and what runs in containers; the service, the plugin and this run come and go. */
export function listProcesses(): string[] {
  return namesIn("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    const cgroup = readText(`/proc/${pid}/cgroup`);
    const command = readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
    return /^\S*conmon /.test(command) || /libpod-[0-9a-f]{64}/.test(cgroup) ? [`${pid} ${command.slice(0, 160)}`] : [];
  });
}

/** Groups of containers and of their conmons. */
export function listCgroups(path: string): string[] {
  return namesIn(path).flatMap((name) => {
    const inner = join(path, name);
    if (/libpod-[0-9a-f]{64}/.test(name)) return [inner];
    return /^(libpod|libpod_parent|machine|user|world).*$/.test(name) || dirname(path) === "/sys/fs" ? listCgroups(inner) : [];
  });
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

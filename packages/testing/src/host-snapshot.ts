import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { runProcess } from "./run-process.ts";

/** What a person's machine looks like from outside: named lists of lines that can be compared. */
export type HostSnapshot = Readonly<Record<string, readonly string[]>>;

/** Folders with the user's containers, images, networks and engine state, by name, size and content. */
const engineFolders = [
  "/etc/containers",
  "/etc/cni",
  "/var/lib/containers",
  "/var/lib/cni",
  "/run/containers",
  "/run/podman",
  "/run/libpod",
  "/run/netns",
  join(homedir(), ".config/containers"),
  join(homedir(), ".local/share/containers"),
];

/** Names in these folders are compared, not what is in them. */
const listedFolders = ["/run", "/tmp", "/var/tmp", "/dev/shm"];

const commands: Readonly<Record<string, readonly string[]>> = {
  "firewall (nft)": ["nft", "list", "ruleset"],
  "firewall (iptables)": ["iptables-save"],
  "firewall (legacy iptables)": ["iptables-legacy-save"],
  "network interfaces": ["ip", "-oneline", "link", "show"],
  addresses: ["ip", "-oneline", "address", "show"],
  routes: ["ip", "-4", "route", "show", "table", "all"],
  "network namespaces": ["ip", "netns", "list"],
  processes: ["ps", "-eo", "pid,args", "--no-headers"],
};

/**
 * Looks at everything that demo and tests must leave as it was. Asks no container engine: already the question would
 * change its folders.
 */
export async function takeHostSnapshot(signal: AbortSignal): Promise<HostSnapshot> {
  const snapshot: Record<string, readonly string[]> = {};
  for (const [name, [command = "", ...args]] of Object.entries(commands)) {
    const result = await runProcess(command, args, { signal });
    snapshot[name] = result.code === 127 ? ["not installed"] : toComparableLines(name, result.stdout);
  }
  for (const folder of engineFolders) snapshot[folder] = describeTree(folder);
  for (const folder of listedFolders) snapshot[`names in ${folder}`] = readdirSync(folder).toSorted();
  snapshot["mounts"] = readFileSync("/proc/self/mounts", "utf8").trim().split("\n");
  snapshot["cgroups"] = listFolders("/sys/fs/cgroup");
  snapshot["forwarding"] = [readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim()];
  return snapshot;
}

/** One line for each difference, "+ section: line" for what is new and "- section: line" for what is gone. */
export function compareSnapshots(before: HostSnapshot, after: HostSnapshot): string[] {
  return Object.keys(before).flatMap((section) => {
    const [old, now] = [before[section] ?? [], after[section] ?? []];
    return [
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${section}: ${line}`),
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${section}: ${line}`),
    ];
  });
}

/** Counters, dates and the state of a link change by themselves; the process that looks is no part of the picture. */
function toComparableLines(name: string, output: string): string[] {
  return output
    .replaceAll(/counter packets \d+ bytes \d+|\[\d+:\d+\]/g, "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.includes("ps -eo pid,args") && !/ inet6 fe80:/.test(line))
    .map((line) => (name === "network interfaces" ? (/^\d+: \S+/.exec(line)?.[0] ?? line) : line));
}

function describeTree(path: string): string[] {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return [];
  if (entry.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`];
  if (entry.isFile()) return [`${path} ${entry.size} ${hashFile(path, entry.size)}`];
  if (!entry.isDirectory()) return [`${path} ${entry.mode.toString(8)}`];
  return [path, ...readdirSync(path).flatMap((name) => describeTree(join(path, name)))];
}

/** A layer's files are told by their size (hashing an image library would take minutes), a namespace by its name. */
function hashFile(path: string, sizeBytes: number): string {
  if (sizeBytes > 1 << 20) return "";
  try {
    return createHash("sha256").update(readFileSync(path)).digest("hex");
  } catch {
    return "unreadable";
  }
}

function listFolders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(path, entry.name), ...listFolders(join(path, entry.name))]);
}

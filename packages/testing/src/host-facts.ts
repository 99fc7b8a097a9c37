import { readFileSync } from "node:fs";
import { findTool } from "./tool-path.ts";
import { TestingError } from "./testing-error.ts";

const capSysResource = 24n;

/** "name=soft:hard" limits for containers.conf; empty where the engine may raise limits as it likes. */
export function readAllowedUlimits(): string[] {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  if (((BigInt(`0x${effective}`) >> capSysResource) & 1n) === 1n) return [];
  return toUlimits(readFileSync("/proc/self/limits", "utf8"));
}

/** The hard limits of /proc/<pid>/limits that Podman would otherwise try to raise. */
export function toUlimits(limits: string): string[] {
  const rows = { nofile: "Max open files", nproc: "Max processes" };
  return Object.entries(rows).flatMap(([name, title]) => {
    const hard = new RegExp(`^${title}\\s+\\S+\\s+(\\S+)`, "m").exec(limits)?.[1];
    return hard === undefined || hard === "unlimited" ? [] : [`${name}=${hard}:${hard}`];
  });
}

/** Whether the kernel can limit containers here: false in a world with cgroup v2 whose controllers are all in use by v1 outside. */
export function hasControllers(): boolean {
  try {
    return readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").split(/\s/).includes("memory");
  } catch {
    // cgroup v1 has no such file.
    return true;
  }
}

/** crun refuses hosts that have both cgroup versions mounted, so runc goes first wherever v1 is in use. */
export function resolveOciRuntime(): string {
  const usesV1 = / - cgroup /.test(readFileSync("/proc/self/mountinfo", "utf8"));
  const candidates = usesV1 ? ["runc", "crun"] : ["crun", "runc"];
  const runtime = candidates.find((name) => findTool(name) !== undefined);
  if (runtime === undefined) throw new TestingError("tool-missing", "Neither crun nor runc is installed, and Podman needs one of them.");
  return runtime;
}

/** IPv4 networks of this network namespace as /proc/net/route has them, in host byte order. */
export function parseRoutes(table: string): { address: number; mask: number }[] {
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length > 7)
    .map((fields) => ({ address: fromLittleEndianHex(fields[1] ?? ""), mask: fromLittleEndianHex(fields[7] ?? "") }))
    .filter((route) => route.mask !== 0);
}

function fromLittleEndianHex(text: string): number {
  return Buffer.from(text, "hex").readUInt32LE(0);
}

/** A bridge name and a /24 network that nothing here uses. `seed` spreads engines that start at the same time. */
export function planBridge(
  routes: readonly { address: number; mask: number }[],
  interfaces: readonly string[],
  seed: number,
): { name: string; prefix: string } {
  const candidates = 40 * 256;
  for (let offset = 0; offset < candidates; offset++) {
    const index = (seed + offset) % candidates;
    const prefix = `10.${210 + Math.floor(index / 256)}.${index % 256}`;
    const address = toNumber(prefix);
    const name = `ndp${index}`;
    if (!interfaces.includes(name) && routes.every((route) => !overlaps(address, route))) return { name, prefix };
  }
  throw new TestingError("no-free-subnet", "No free network between 10.210.0.0/24 and 10.249.255.0/24 for the test engine's bridge.");
}

function toNumber(prefix: string): number {
  return prefix.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) * 256;
}

function overlaps(address: number, route: { address: number; mask: number }): boolean {
  const mask = (route.mask & 0xffffff00) >>> 0;
  return (address & mask) >>> 0 === (route.address & mask) >>> 0;
}

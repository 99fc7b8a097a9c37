import { readdirSync, readlinkSync } from "node:fs";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { readKernelFile, type HostRoots } from "./proc-files.ts";

/** A process that listens on a port of the host. */
export interface PortHolder {
  readonly pid: number;
  /** The kernel's name of it, cut to 15 characters. */
  readonly command: string;
  /** Where conmon or Podman's port forwarder holds the port for a container: that container's name. */
  readonly container: string | undefined;
}

/** Podman's own, of a container (podman 3.0 to 6.1). */
const nameRule = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** State column of a listening TCP socket, and of any UDP socket that is bound (linux: net/tcp_states.h). */
const listening = { tcp: "0A", udp: "07" } as const;

/** A port of the host. */
export interface HostPort {
  readonly protocol: "tcp" | "udp";
  /** An IP address; empty: all of the host's. */
  readonly host: string;
  readonly port: number;
}

/**
 * Who has a port of this network namespace, on that address or on all of them. Undefined: nobody, or nobody whose files may be read.
 * Looks through all processes, so it is for errors only.
 */
export function findPortHolder(roots: HostRoots, asked: HostPort): PortHolder | undefined {
  const links = new Set(["", "6"].flatMap((family) => socketsOf(roots, `${asked.protocol}${family}`, asked)));
  if (links.size === 0) return undefined;
  for (const name of readdirSync(roots.procDir)) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid > 0 && linksOf(join(roots.procDir, name, "fd")).some((link) => links.has(link))) {
      return describeProcess(roots, pid);
    }
  }
  return undefined;
}

/** As /proc/<pid>/fd shows them. */
function socketsOf(roots: HostRoots, table: string, { protocol, host, port }: HostPort): readonly string[] {
  const rows = (readKernelFile(join(roots.procDir, "self/net", table)) ?? "").split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
    const [address = "", number = ""] = local.split(":");
    if (state !== listening[protocol] || Number.parseInt(number, 16) !== port) return [];
    return isSameAddress(toAddress(address), host) ? [`socket:[${inode}]`] : [];
  });
}

/** Whether a port of one address is in the way of the same port of the other. */
export function isSameAddress(one: string, other: string): boolean {
  const both = [toCanonical(one), toCanonical(other)];
  return both[0] === both[1] || both.some(isAny);
}

/** An address as the kernel writes it: words of four bytes, in the order of a little-endian machine, as all are that Node is built for. */
function toAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  return toCanonical(bytes.join("").replace(/.{4}(?!$)/g, "$&:"));
}

/** IPv6 addresses have many spellings; one that stands for an IPv4 address is that. */
function toCanonical(address: string): string {
  if (!isIPv6(address)) return address;
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  return [high, low].flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]).join(".");
}

/** The one of all addresses. */
function isAny(address: string): boolean {
  return address === "" || address === "0.0.0.0" || address === "::";
}

/** Empty: the process has ended, or is another user's. */
function linksOf(folder: string): readonly string[] {
  const names = orNothing(() => readdirSync(folder)) ?? [];
  // A busy process closes one or the other meanwhile, and this one the folder itself.
  return names.flatMap((name) => orNothing(() => readlinkSync(join(folder, name))) ?? []);
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function describeProcess(roots: HostRoots, pid: number): PortHolder {
  const folder = join(roots.procDir, String(pid));
  const words = (readKernelFile(join(folder, "cmdline")) ?? "").split("\0");
  const at = words.indexOf("-n");
  const name = (words[0] ?? "").endsWith("conmon") && at > 0 ? words[at + 1] : undefined;
  // Anybody may call a process what he likes, and himself conmon.
  const command = (readKernelFile(join(folder, "comm")) ?? "").trim().replace(/[^\x20-\x7e]/g, "?");
  return { pid, command, container: name !== undefined && nameRule.test(name) ? name : undefined };
}

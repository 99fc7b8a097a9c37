import { readdirSync, readlinkSync } from "node:fs";
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

/** State column of a listening TCP socket, and of any UDP socket that is bound (linux: net/tcp_states.h). */
const listening = { tcp: "0A", udp: "07" } as const;

/**
 * Who has a port of this network namespace. Undefined: nobody, or nobody whose files may be read. Looks through all processes, so
 * it is for errors only.
 */
export function findPortHolder(
  roots: HostRoots,
  { protocol, port }: { readonly protocol: "tcp" | "udp"; readonly port: number },
): PortHolder | undefined {
  const links = new Set(["", "6"].flatMap((family) => socketsOf(roots, `${protocol}${family}`, { state: listening[protocol], port })));
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
function socketsOf(roots: HostRoots, table: string, { state, port }: { readonly state: string; readonly port: number }): readonly string[] {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = (readKernelFile(join(roots.procDir, "self/net", table)) ?? "").split("\n").slice(1);
  return rows.flatMap((row) => {
    const [, local = "", , rowState, , , , , , inode = ""] = row.trim().split(/\s+/);
    return local.endsWith(end) && rowState === state ? [`socket:[${inode}]`] : [];
  });
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
  const isConmon = (words[0] ?? "").endsWith("conmon");
  return { pid, command: (readKernelFile(join(folder, "comm")) ?? "").trim(), container: isConmon && at > 0 ? words[at + 1] : undefined };
}

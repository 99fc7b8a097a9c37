import { readdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";

/** Where the CNI library keeps what has come of each network that it has made: `<network>-<allocation>-<interface>` (libcni 0.8 to 1.3). */
const cniResultsFolder = "/var/lib/cni/results";

/**
 * The address that the CNI library has given an allocation's namespace, an IPv4 one first; undefined: it has noted none that can be
 * read.
 */
export async function readCniAddress(allocId: string, netnsPath: string, folder = cniResultsFolder): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const own = names.filter((name) => name.includes(`-${allocId}-`));
  const texts = await Promise.all(own.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
  const addresses = texts.flatMap((text) => toAddresses(text, netnsPath));
  return addresses.find((address) => isIP(address) === 4) ?? addresses[0];
}

function toAddresses(cached: string, netnsPath: string): readonly string[] {
  const root = parse(cached);
  if (memberOf(root, "netns") !== netnsPath) return [];
  const ips = memberOf(memberOf(root, "result"), "ips");
  return (Array.isArray(ips) ? (ips as unknown[]) : []).flatMap((ip) => {
    const text = memberOf(ip, "address");
    const [address = ""] = typeof text === "string" ? text.split("/") : [];
    return isIP(address) === 0 ? [] : [address];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

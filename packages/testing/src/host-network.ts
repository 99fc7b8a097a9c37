import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasNetavarkChains, planFirewallCleanup, type CleanupWishes } from "./firewall-cleanup.ts";
import { runProcess } from "./run-process.ts";

/** In the folder of a world that shares the host's network: how that was before, and which bridge the world's engine took. */
const formerFile = "network.json";
const bridgeFile = "bridge.json";
const stepTimeoutMs = 10_000;
const forwardingFile = "/proc/sys/net/ipv4/ip_forward";

interface FormerNetwork {
  readonly hadChains: boolean;
  /** Of nft, as `ip nat`. */
  readonly tables: readonly string[];
  readonly forwarding: string;
}

export interface Bridge {
  readonly name: string;
  readonly prefix: string;
}

/**
 * The host's network as it was before an engine used it. Podman takes its containers' rules away, but leaves the chains, the
 * tables and the forwarding that it needed for its first one.
 */
export class HostNetwork implements AsyncDisposable {
  readonly #former: FormerNetwork;

  private constructor(former: FormerNetwork) {
    this.#former = former;
  }

  /** Looks at it, and notes it in the world's folder for whoever sweeps up after a kill. */
  static async observe(worldFolder: string): Promise<HostNetwork> {
    const former: FormerNetwork = {
      hadChains: hasNetavarkChains(await run("iptables-save", [])),
      tables: await listTables(),
      forwarding: await readFile(forwardingFile, "utf8"),
    };
    await writeFile(join(worldFolder, formerFile), JSON.stringify(former));
    return new HostNetwork(former);
  }

  /** Removes what was not there before, unless another engine has come to use it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await restore(this.#former);
  }
}

/** Notes the bridge of a world's engine for whoever sweeps up after a kill. */
export async function noteBridge(worldFolder: string, bridge: Bridge): Promise<void> {
  await writeFile(join(worldFolder, bridgeFile), JSON.stringify(bridge));
}

/** Removes what the killed world of this folder has left in the host's network: nothing for a world with its own. */
export async function sweepNetwork(worldFolder: string): Promise<void> {
  const former = await readNote(join(worldFolder, formerFile), isFormerNetwork);
  if (former === undefined) return;
  const bridge = await readNote(join(worldFolder, bridgeFile), isBridge);
  if (bridge !== undefined) {
    await run("ip", ["link", "delete", bridge.name]);
    await cleanFirewall({ prefix: bridge.prefix, removesBase: false });
  }
  await restore(former);
}

async function restore({ hadChains, tables, forwarding }: FormerNetwork): Promise<void> {
  if (hadChains) return;
  await cleanFirewall({ removesBase: true });
  if (hasNetavarkChains(await run("iptables-save", []))) return;
  for (const table of await listTables()) {
    if (!tables.includes(table) && (await hasNoRules(table))) await run("nft", ["delete", "table", ...table.split(" ")]);
  }
  if (forwarding !== (await readFile(forwardingFile, "utf8"))) await writeFile(forwardingFile, forwarding).catch(() => undefined);
}

async function cleanFirewall(wishes: CleanupWishes): Promise<void> {
  const plan = planFirewallCleanup(await run("iptables-save", []), wishes);
  if (plan !== "") await run("iptables-restore", ["--noflush", "--wait"], plan);
}

async function listTables(): Promise<readonly string[]> {
  const lines = (await run("nft", ["list", "tables"])).split("\n");
  return lines.filter((line) => line.startsWith("table ")).map((line) => line.slice("table ".length).trim());
}

async function hasNoRules(table: string): Promise<boolean> {
  const text = await run("nft", ["--json", "list", "table", ...table.split(" ")]);
  return text !== "" && !text.includes('"rule":');
}

/** What it printed; nothing where the program is missing or may not. */
async function run(command: string, args: readonly string[], stdin = ""): Promise<string> {
  const { code, stdout } = await runProcess(command, args, { stdin: Buffer.from(stdin), signal: AbortSignal.timeout(stepTimeoutMs) });
  return code === 0 ? stdout : "";
}

async function readNote<T>(path: string, isValid: (value: unknown) => value is T): Promise<T | undefined> {
  const text = await readFile(path, "utf8").catch(() => "null");
  const value: unknown = JSON.parse(text);
  return isValid(value) ? value : undefined;
}

function isFormerNetwork(value: unknown): value is FormerNetwork {
  return typeof value === "object" && value !== null && "hadChains" in value && "tables" in value && "forwarding" in value;
}

function isBridge(value: unknown): value is Bridge {
  return typeof value === "object" && value !== null && "name" in value && "prefix" in value;
}

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import os from "node:os";

import type { AttributeValue } from "@driver/nomad-plugin";

import type { Scope } from "./interpolate.ts";

/** What the host knows of the machine: the source of `node.*` and `attr.*`, and of the plugin's topology. */
export interface NodeFacts {
  readonly id: string;
  readonly name: string;
  readonly coreCount: number;
  /** Sum over all cores. */
  readonly totalComputeMhz: number;
  /** Names as in `${attr.…}`, without `attr.`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Virtual machines may not tell their clock; Nomad guesses as well. */
const guessedCoreMhz = 1000;

const goArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** Reads the machine's facts; `hostIp` is the address from which ports are given. */
export async function readNodeFacts(hostIp: string): Promise<NodeFacts> {
  const cores = os.cpus();
  const totalComputeMhz = cores.reduce((sum, core) => sum + (core.speed > 0 ? core.speed : guessedCoreMhz), 0);
  const release = parseOsRelease(await readFile("/etc/os-release", "utf8").catch(() => ""));
  return {
    id: randomUUID(),
    name: os.hostname(),
    coreCount: cores.length,
    totalComputeMhz,
    attributes: {
      "cpu.arch": goArchitectures[os.arch()] ?? os.arch(),
      "cpu.numcores": String(cores.length),
      "cpu.reservablecores": String(cores.length),
      "cpu.totalcompute": String(totalComputeMhz),
      "kernel.name": os.platform(),
      "kernel.arch": os.machine(),
      "kernel.version": os.release(),
      "memory.totalbytes": String(os.totalmem()),
      "os.name": release.ID ?? os.platform(),
      "os.version": release.VERSION_ID ?? "",
      "unique.hostname": os.hostname(),
      "unique.network.ip-address": hostIp,
    },
  };
}

/** `KEY=value` and `KEY="value"` lines of an os-release file. */
export function parseOsRelease(text: string): Readonly<Record<string, string>> {
  const lines = [...text.matchAll(/^([A-Z_]+)=(?:"([^"]*)"|'([^']*)'|(.*))$/gm)];
  return Object.fromEntries(lines.map(([, key, double, single, bare]) => [key, double ?? single ?? bare ?? ""]));
}

/** The `node.*` and `attr.*` names of a job file; the driver's attributes win over the machine's. */
export function toNodeScope(
  facts: NodeFacts,
  options: { readonly datacenter: string; readonly region: string; readonly driverAttributes: Readonly<Record<string, AttributeValue>> },
): Scope {
  const driver = Object.entries(options.driverAttributes).map(([name, value]) => [`attr.${name}`, String(value)] as const);
  return new Map([
    ["node.unique.id", facts.id],
    ["node.unique.name", facts.name],
    ["node.datacenter", options.datacenter],
    ["node.region", options.region],
    ["node.class", ""],
    ["node.pool", "default"],
    ...Object.entries(facts.attributes).map(([name, value]) => [`attr.${name}`, value] as const),
    ...driver,
  ]);
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where Podman looks for what vendors say of their devices (CDI 0.7). */
const specFolders = ["/etc/cdi", "/var/run/cdi"];

/** A host of many GPUs has some tens; what a broken tool has made does not fill the node's attributes. */
const mostDevices = 200;

/** The names of the CDI devices of this host, such as `nvidia.com/gpu=0`, sorted. A file that cannot be read tells of none. */
export function listCdiDevices(folders: readonly string[] = specFolders): readonly string[] {
  const names = folders.flatMap((folder) => filesIn(folder).flatMap((file) => readNames(join(folder, file))));
  return [...new Set(names)].toSorted().slice(0, mostDevices);
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.(?:json|ya?ml)$/.test(name));
  } catch {
    return [];
  }
}

function readNames(path: string): readonly string[] {
  try {
    const text = readFileSync(path, "utf8");
    return path.endsWith(".json") ? namesInJson(JSON.parse(text)) : namesInYaml(text);
  } catch {
    // Half-written, not to be read, or no CDI: Podman will say so to the task that asks for its device.
    return [];
  }
}

function namesInJson(spec: { readonly kind?: unknown; readonly devices?: unknown }): readonly string[] {
  const devices: readonly unknown[] = Array.isArray(spec.devices) ? spec.devices : [];
  return devices.flatMap((device) => {
    const name = typeof device === "object" && device !== null && "name" in device ? device.name : undefined;
    return typeof name === "string" && typeof spec.kind === "string" ? [`${spec.kind}=${name}`] : [];
  });
}

/**
 * The names in a spec as the vendors' tools write it: `kind` and `devices` stand at the margin, each device is an item of that list,
 * and `name` one of the item's own keys. What is nested deeper has names too, which are none of devices.
 */
function namesInYaml(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const kind = unquote(lines.map((line) => /^kind:\s*(\S+)$/.exec(line)?.[1]).find((found) => found !== undefined) ?? "");
  const start = lines.indexOf("devices:");
  if (kind === "" || start === -1) return [];
  const after = lines.slice(start + 1);
  const end = after.findIndex((line) => /^[^\s#-]/.test(line));
  const block = end === -1 ? after : after.slice(0, end);
  const margin = /^(\s*)- /.exec(block.find((line) => /^\s*- /.test(line)) ?? "")?.[1]?.length ?? 0;
  const ofItem = new RegExp(`^(?:\\s{${margin}}- |\\s{${margin + 2}})name:\\s*(\\S+)$`);
  return block.flatMap((line) => ofItem.exec(line)?.[1] ?? []).map((name) => `${kind}=${unquote(name)}`);
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

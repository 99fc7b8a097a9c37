/** Where an image is: its registry as `host[:port]`, and its path there without tag and digest. */
export interface RegistryPlace {
  readonly host: string;
  readonly path: string;
}

/** Docker Hub's one name among its many. */
export const dockerHub = "docker.io";
const dockerHubHosts = [dockerHub, "index.docker.io", "registry-1.docker.io"];

/** Undefined for a short name, whose registry the engine's registries.conf decides. */
export function toRegistryPlace(reference: string): RegistryPlace | undefined {
  const named = reference.split("@")[0] ?? "";
  const slash = named.indexOf("/");
  const first = named.slice(0, slash);
  if (slash === -1 || !(/[.:]/.test(first) || first === "localhost")) return undefined;
  const rest = named.slice(slash + 1);
  const path = rest.replace(/:[^/:]*$/, "");
  const host = toHost(first);
  return { host, path: host === dockerHub && !path.includes("/") ? `library/${path}` : path };
}

/** A key of an auth file, or what a job gives as a registry's address. */
export interface RegistryKey {
  readonly host: string;
  /** Empty: all of the registry. */
  readonly path: string;
  /** True: it was written as a URL, which loses against a plain name. */
  readonly isUrl: boolean;
}

/**
 * `host[:port]`, `host[:port]/path` or a URL, whose path does not count (podman: containers-auth.json, as Docker writes it). Undefined
 * where it is none of these.
 */
export function parseRegistryKey(text: string): RegistryKey | undefined {
  const isUrl = /^https?:\/\//.test(text);
  const [first = "", ...rest] = text.replace(/^https?:\/\//, "").split("/");
  if (!/^(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d+)?$/.test(first)) return undefined;
  const host = toHost(first);
  const path = isUrl ? "" : rest.join("/");
  if (path === "" && rest.length > 0 && !isUrl) return undefined;
  // What Docker has always written for Docker Hub, without its scheme.
  if (host === dockerHub && /^v[12]$/.test(path)) return { host, path: "", isUrl: true };
  return { host, path, isUrl };
}

/** How well a key fits a place: undefined not at all, else the higher the better. Paths match at their boundaries. */
export function rankKey(key: RegistryKey, place: RegistryPlace): number | undefined {
  if (key.host !== place.host) return undefined;
  if (key.path !== "" && key.path !== place.path && !place.path.startsWith(`${key.path}/`)) return undefined;
  return 2 * key.path.length + (key.isUrl ? 0 : 1);
}

function toHost(host: string): string {
  const lower = host.toLowerCase();
  return dockerHubHosts.includes(lower) ? dockerHub : lower;
}

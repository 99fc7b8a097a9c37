import type { RegistryLogin } from "@driver/libpod";
import { parseRegistryKey, rankKey, type RegistryKey, type RegistryPlace } from "../../config/registry-key.ts";

/** What a file in the format of containers' auth.json and of Docker's config.json says. */
export interface AuthFile {
  readonly logins: readonly { readonly key: RegistryKey; readonly login: RegistryLogin }[];
  readonly helpers: readonly { readonly key: RegistryKey; readonly name: string; readonly asked: string }[];
  /** The helper for all registries without one of their own; empty: none. */
  readonly store: string;
}

/** The file is not what it should be. Never holds a piece of it. */
export class AuthFileError extends Error {
  override readonly name = "AuthFileError";
}

/** @throws AuthFileError */
export function parseAuthFile(text: string): AuthFile {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    // Node's message shows a piece of the file.
    throw new AuthFileError("is not JSON");
  }
  if (!isRecord(root)) throw new AuthFileError("is no JSON object");
  const { auths = {}, credHelpers = {}, credsStore = "" } = root;
  if (!isRecord(auths) || !isRecord(credHelpers) || typeof credsStore !== "string") {
    throw new AuthFileError("has auths, credHelpers or credsStore of a wrong type");
  }
  return {
    logins: Object.entries(auths).flatMap(([name, entry]) => {
      const key = parseRegistryKey(name);
      const login = key === undefined ? undefined : decodeLogin(entry, name);
      return key === undefined || login === undefined ? [] : [{ key, login }];
    }),
    helpers: Object.entries(credHelpers).flatMap(([name, helper]) => {
      const key = parseRegistryKey(name);
      return key === undefined || typeof helper !== "string" || helper === "" ? [] : [{ key, name: helper, asked: name }];
    }),
    store: credsStore,
  };
}

/** The login for a place: that of the longest key. Undefined: there is none. */
export function findLogin({ logins }: AuthFile, place: RegistryPlace): RegistryLogin | undefined {
  return findBest(logins, place)?.login;
}

/** The helper for a place, and how it knows the registry. */
export function findHelper({ helpers }: AuthFile, place: RegistryPlace): { readonly name: string; readonly asked: string } | undefined {
  return findBest(helpers, place);
}

function findBest<T extends { readonly key: RegistryKey }>(entries: readonly T[], place: RegistryPlace): T | undefined {
  let best: { readonly entry: T; readonly rank: number } | undefined;
  for (const entry of entries) {
    const rank = rankKey(entry.key, place);
    if (rank !== undefined && (best === undefined || rank > best.rank)) best = { entry, rank };
  }
  return best?.entry;
}

/** Undefined for an entry without a secret, which says that a helper has it or that nobody has logged in. */
function decodeLogin(entry: unknown, name: string): RegistryLogin | undefined {
  if (!isRecord(entry)) throw new AuthFileError(`has no object for ${name}`);
  const textOf = (key: string): string => {
    const { [key]: value = "" } = entry;
    if (typeof value !== "string") throw new AuthFileError(`has a value for ${name} that is no text`);
    return value;
  };
  const [auth, token, username, password] = [textOf("auth"), textOf("identitytoken"), textOf("username"), textOf("password")];
  const identityToken = token === "" ? {} : { identityToken: token };
  if (auth === "") {
    if (username !== "" && password !== "") return { username, password, ...identityToken };
    return token === "" ? undefined : identityToken;
  }
  const decoded = Buffer.from(auth, "base64").toString("utf8").replaceAll(/\0+$/g, "");
  const colon = decoded.indexOf(":");
  if (colon === -1) throw new AuthFileError(`has for ${name} an auth that is not user:password in base64`);
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), ...identityToken };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

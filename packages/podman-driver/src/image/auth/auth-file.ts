import type { RegistryLogin } from "@driver/libpod";
import { parseRegistryKey, rankKey, type RegistryKey, type RegistryPlace } from "../../config/registry-key.ts";
import { helperName } from "./credential-helper.ts";

/** Of user:password. */
const authExample = "dXNlcjpwYXNzd29yZA==";
/** Padded or not, of either alphabet. */
const base64 = /^[\w+/-]+={0,2}$/;

/** What a file in the format of containers' auth.json and of Docker's config.json says. */
export interface AuthFile {
  readonly logins: readonly AuthEntry<{ readonly login: RegistryLogin }>[];
  readonly helpers: readonly AuthEntry<{ readonly name: string; readonly asked: string }>[];
  /** The helper for all registries without one of their own; empty: none. */
  readonly store: string;
}

/** What the file has for a registry: something to use, or what is wrong with it, which is no matter to other registries. */
type AuthEntry<T> = { readonly key: RegistryKey } & ((T & { readonly mistake?: undefined }) | AuthMistake);

/** An entry that cannot be used. */
export interface AuthMistake {
  /** Where it is, what kind of value stands there and what is right; never a piece of the value. */
  readonly mistake: string;
}

/** The file, or what it has for the registry that was asked for, is not what it should be. Never holds a piece of a value. */
export class AuthFileError extends Error {
  override readonly name = "AuthFileError";
}

/** @throws AuthFileError when nothing of it can be read; an entry that is wrong is an `AuthMistake` in its place */
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
      const decoded = key === undefined ? undefined : decodeLogin(entry, `auths[${JSON.stringify(name)}]`);
      return key === undefined || decoded === undefined ? [] : [{ key, ...decoded }];
    }),
    helpers: Object.entries(credHelpers).flatMap(([name, helper]) => {
      const key = parseRegistryKey(name);
      return key === undefined || helper === "" ? [] : [{ key, ...decodeHelper(helper, name) }];
    }),
    store: credsStore,
  };
}

/**
 * The login for a place: that of the longest key. Undefined: there is none.
 * @throws AuthFileError when that entry is a mistake
 */
export function findLogin({ logins }: AuthFile, place: RegistryPlace): RegistryLogin | undefined {
  return findBest(logins, place)?.login;
}

/** The helper for a place, and how it knows the registry. @throws AuthFileError when that entry is a mistake */
export function findHelper({ helpers }: AuthFile, place: RegistryPlace): { readonly name: string; readonly asked: string } | undefined {
  return findBest(helpers, place);
}

/** All entries that cannot be used. */
export function listMistakes({ logins, helpers }: AuthFile): readonly string[] {
  return [...logins, ...helpers].flatMap(({ mistake }) => (mistake === undefined ? [] : [mistake]));
}

/** Whether there is something to use in an entry. */
export function isUsable<T>(entry: AuthEntry<T>): entry is Extract<AuthEntry<T>, { readonly mistake?: undefined }> {
  return entry.mistake === undefined;
}

function findBest<T>(entries: readonly AuthEntry<T>[], place: RegistryPlace): T | undefined {
  let best: { readonly entry: AuthEntry<T>; readonly rank: number } | undefined;
  for (const entry of entries) {
    const rank = rankKey(entry.key, place);
    if (rank !== undefined && (best === undefined || rank > best.rank)) best = { entry, rank };
  }
  if (best === undefined) return undefined;
  if (!isUsable(best.entry)) throw new AuthFileError(best.entry.mistake);
  return best.entry;
}

/** Undefined for an entry without a secret, which says that a helper has it or that nobody has logged in. */
function decodeLogin(entry: unknown, place: string): { readonly login: RegistryLogin } | AuthMistake | undefined {
  if (!isRecord(entry)) return { mistake: `${place} is ${toKind(entry)}; write an object, such as { "auth": "${authExample}" }` };
  const keys = ["auth", "identitytoken", "username", "password"] as const;
  const wrong = keys.find((key) => typeof (entry[key] ?? "") !== "string");
  if (wrong !== undefined) return { mistake: `${place}.${wrong} is ${toKind(entry[wrong])}; write a text` };
  const [auth = "", token = "", username = "", password = ""] = keys.map((key) => String(entry[key] ?? ""));
  const identityToken = token === "" ? {} : { identityToken: token };
  if (auth === "") {
    if (username !== "" && password !== "") return { login: { username, password, ...identityToken } };
    return token === "" ? undefined : { login: identityToken };
  }
  // A long one may be broken into lines, as by `base64`.
  const decoded = base64.test(auth.replaceAll(/[\r\n]/g, "")) ? Buffer.from(auth, "base64").toString("utf8").replaceAll(/\0+$/g, "") : "";
  const colon = decoded.indexOf(":");
  if (colon !== -1) return { login: { username: decoded.slice(0, colon), password: decoded.slice(colon + 1), ...identityToken } };
  const problem = decoded === "" ? "a text that is not base64" : "base64 of something else than user:password";
  return { mistake: `${place}.auth is ${problem}; write what \`printf user:password | base64 -w0\` prints, such as "${authExample}"` };
}

function decodeHelper(helper: unknown, name: string): { readonly name: string; readonly asked: string } | AuthMistake {
  if (typeof helper === "string" && helperName.test(helper)) return { name: helper, asked: name };
  const kind = typeof helper === "string" ? "no name of a program" : toKind(helper);
  return { mistake: `credHelpers[${JSON.stringify(name)}] is ${kind}; write the part behind docker-credential-, such as "ecr-login"` };
}

/** The kind of a value, in words; never the value. */
function toKind(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return { string: "a text", number: "a number", boolean: "true or false" }[typeof value as string] ?? "an object";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

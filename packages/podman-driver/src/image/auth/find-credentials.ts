import { constants, open } from "node:fs/promises";
import type { RegistryCredentials, RegistryLogin } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import type { OperatorAuth } from "../../config/resolve-auth.ts";
import { AuthFileError, findHelper, findLogin, isUsable, listMistakes, parseAuthFile, type AuthFile } from "./auth-file.ts";
import { HelperError, toHelperServer } from "./credential-helper.ts";
import { dockerHub, rankKey, toRegistryPlace, type RegistryKey, type RegistryPlace } from "../../config/registry-key.ts";

/** What a task's own `auth` block says. */
export interface TaskLogin {
  readonly username: string;
  readonly password: string;
  /** Undefined: whichever registry the image comes from. */
  readonly server: RegistryKey | undefined;
}

export interface CredentialsQuery {
  readonly reference: string;
  readonly login: TaskLogin | undefined;
  readonly operator: OperatorAuth;
  /** Told of a source that failed, which is skipped then; undefined: it fails the pull. */
  readonly onSkipped: ((reason: string) => void) | undefined;
  readonly tools: AuthTools;
}

/** What all pulls of this plugin share. */
export interface AuthTools {
  /** Told at each reading of the operator's file which of its entries cannot be used, by whichever registry. */
  noteFile(path: string, mistakes: readonly string[]): void;
  /** As `askHelper`. */
  askHelper(name: string, server: string, signal: AbortSignal): Promise<RegistryLogin | undefined>;
}

const maxFileBytes = 1024 * 1024;

/**
 * What Podman is to show the registry: the task's login, else the operator's file, helper and login, in this order. Undefined: no source
 * has any, and Podman looks into its own auth files. Rejects with a `DriverError` that tells the source and no secret.
 */
export async function findCredentials(query: CredentialsQuery, signal: AbortSignal): Promise<RegistryCredentials | undefined> {
  const found = await search(query, signal);
  return found === undefined || "anyRegistry" in found ? found : { byRegistry: spellAs(query.reference, found.byRegistry) };
}

/** Podman compares hosts letter by letter with that of the reference (podman 4.3), which somebody may have written in capitals. */
function spellAs(reference: string, logins: Readonly<Record<string, RegistryLogin>>): Readonly<Record<string, RegistryLogin>> {
  const [written = ""] = reference.split("/");
  const spell = (key: string): string => {
    const [host, ...path] = key.split("/");
    return host === written.toLowerCase() ? [written, ...path].join("/") : key;
  };
  return Object.fromEntries(Object.entries(logins).map(([key, login]) => [spell(key), login]));
}

async function search(query: CredentialsQuery, signal: AbortSignal): Promise<RegistryCredentials | undefined> {
  const place = toRegistryPlace(query.reference);
  if (query.login !== undefined) return toTaskCredentials(query.login, place);
  const { config, helper, login } = query.operator;
  const fromFile = config === undefined
    ? undefined
    : await skipFailing(query, `auth.config ${config}`, () => searchFile(config, place, query, signal), signal);
  if (fromFile !== undefined) return fromFile;
  // What a short name stands for is Podman's to know; helpers and logins are kept by registry.
  const { host, path } = place ?? { host: dockerHub, path: query.reference };
  const fromHelper = helper === undefined
    ? undefined
    : await skipFailing(query, "auth.helper", () => query.tools.askHelper(helper, toHelperServer(host), signal), signal);
  if (fromHelper !== undefined) return toCredentials(host, fromHelper);
  return login !== undefined && rankKey(login.server, { host, path }) !== undefined ? toCredentials(host, login) : undefined;
}

/** A login for another registry than the image's goes there only, and the image may well come from there, by a mirror. */
function toTaskCredentials({ username, password, server }: TaskLogin, place: RegistryPlace | undefined): RegistryCredentials {
  const login: RegistryLogin = { username, password };
  if (server !== undefined) return { byRegistry: { [server.path === "" ? server.host : `${server.host}/${server.path}`]: login } };
  return place === undefined ? { anyRegistry: login } : toCredentials(place.host, login);
}

/**
 * For one registry alone. Of logins by registry Podman drops the identity token (podman 4.3), so that one goes to whichever the image comes
 * from: this one, or what the node's registries.conf puts in its place. It goes without the user name that Docker leaves beside it, as
 * Podman takes one or the other (podman 5.4 to 6.1); where there is a password as well, Podman takes what it can.
 */
function toCredentials(host: string, login: RegistryLogin): RegistryCredentials {
  const { identityToken, password = "" } = login;
  return identityToken === undefined || password !== "" ? { byRegistry: { [host]: login } } : { anyRegistry: { identityToken } };
}

async function skipFailing<T>(
  { onSkipped }: CredentialsQuery,
  source: string,
  search: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await search();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AuthFileError || error instanceof HelperError)) throw error;
    const reason = `credentials from the plugin's ${source}: ${error.message}`;
    if (onSkipped === undefined) throw new DriverError("failed", reason, { recoverable: error instanceof HelperError && error.mayPass });
    onSkipped(reason);
    return undefined;
  }
}

/** Read at each pull: logins change, and most tasks find their image present. */
async function searchFile(
  path: string,
  place: RegistryPlace | undefined,
  { tools }: CredentialsQuery,
  signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const file = parseAuthFile(await readBounded(path));
  tools.noteFile(path, listMistakes(file));
  if (place === undefined) return toAllLogins(file);
  const login = await searchLogin(file, place, { tools, signal });
  return login === undefined ? undefined : toCredentials(place.host, login);
}

/** A helper of the registry's own goes first, as with Podman; the one for all last, so that it is not asked for what the file has. */
async function searchLogin(
  file: AuthFile,
  place: RegistryPlace,
  { tools, signal }: { readonly tools: AuthTools; readonly signal: AbortSignal },
): Promise<RegistryLogin | undefined> {
  const helper = findHelper(file, place);
  const fromHelper = helper === undefined ? undefined : await tools.askHelper(helper.name, helper.asked, signal);
  const login = fromHelper ?? findLogin(file, place);
  if (login !== undefined || file.store === "" || helper !== undefined) return login;
  return await tools.askHelper(file.store, toHelperServer(place.host), signal);
}

/**
 * For a short name: Podman knows where it leads, and takes of these what fits. One with a token alone would be shown as an empty login
 * (podman 4.3), which a registry refuses even where it asks for none.
 */
function toAllLogins(file: AuthFile): RegistryCredentials | undefined {
  const logins = file.logins.filter(isUsable).filter(({ login }) => login.username !== undefined);
  if (logins.length === 0) return undefined;
  const ranked = logins.toSorted((one, other) => Number(other.key.isUrl) - Number(one.key.isUrl));
  return {
    byRegistry: Object.fromEntries(ranked.map(({ key, login }) => [key.path === "" ? key.host : `${key.host}/${key.path}`, login])),
  };
}

/** A FIFO would hold a thread of the plugin's for as long as nobody writes, and a device would never end. */
async function readBounded(path: string): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw new AuthFileError("is no file");
    if (found.size > maxFileBytes) throw new AuthFileError(`is larger than ${maxFileBytes} bytes`);
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof AuthFileError) throw error;
    throw new AuthFileError(`cannot be read: ${codeOf(error) || String(error)}`);
  }
}

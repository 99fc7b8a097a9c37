import type { RegistryLogin } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { parseRegistryKey, type RegistryKey } from "./registry-key.ts";

/** Where the operator keeps credentials for the pulls of all tasks. */
export interface OperatorAuth {
  /** Path of a file in the format of containers' auth.json. */
  readonly config: string | undefined;
  /** Suffix of a `docker-credential-…` program. */
  readonly helper: string | undefined;
  readonly login: (RegistryLogin & { readonly server: RegistryKey }) | undefined;
}

interface AuthOptions {
  readonly config?: string | undefined;
  readonly helper?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly server_address?: string | undefined;
}

export const noOperatorAuth: OperatorAuth = { config: undefined, helper: undefined, login: undefined };

/**
 * What the plugin's `auth` block says.
 * @throws DriverError `config-invalid` for a login that does not say whose it is
 */
export function resolveAuth(options: AuthOptions | undefined): OperatorAuth {
  if (options === undefined) return noOperatorAuth;
  const { config, helper, username, password, server_address: address } = options;
  if (config !== undefined && !config.startsWith("/")) {
    throw invalid("config", `${JSON.stringify(config)} is no absolute path; write e.g. /etc/nomad.d/auth.json`);
  }
  if (helper !== undefined && !/^[\w.+-]+$/.test(helper)) {
    throw invalid("helper", `${JSON.stringify(helper)} is no name of a program; write what follows docker-credential-, e.g. ecr-login`);
  }
  return { config, helper, login: resolveLogin(username, password, address) };
}

function resolveLogin(username: string | undefined, password: string | undefined, address: string | undefined): OperatorAuth["login"] {
  if (username === undefined && password === undefined && address === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw invalid(username === undefined ? "username" : "password", "is missing; write user name and password of the registry");
  }
  if (address === undefined) {
    throw invalid("server_address", "is missing: without it the password would go to every registry; write e.g. registry.example.com:5000");
  }
  const server = parseRegistryKey(address);
  if (server === undefined) {
    throw invalid("server_address", `${JSON.stringify(address)} is no registry; write e.g. registry.example.com:5000`);
  }
  return { username, password, server };
}

function invalid(key: string, text: string): DriverError {
  return new DriverError("config-invalid", `config key auth.${key}: ${text}`, { configKey: `auth.${key}` });
}

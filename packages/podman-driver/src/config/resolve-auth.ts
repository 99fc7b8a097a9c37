import type { RegistryLogin } from "@driver/libpod";
import { parseRegistryKey, type RegistryKey } from "./registry-key.ts";
import type { Report } from "./report.ts";

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

/** What the plugin's `auth` block says. A login must say whose it is. */
export function resolveAuth(options: AuthOptions | undefined, report: Report): OperatorAuth {
  if (options === undefined) return noOperatorAuth;
  const { config, helper } = options;
  if (config !== undefined && !config.startsWith("/")) {
    const remedy = "write e.g. /etc/nomad.d/auth.json";
    report.refuse({ key: "auth.config", value: config, problem: "is no absolute path", remedy });
  }
  if (helper !== undefined && !/^[\w.+-]+$/.test(helper)) {
    const remedy = "write what follows docker-credential-, e.g. ecr-login";
    report.refuse({ key: "auth.helper", value: helper, problem: "is no name of a program", remedy });
  }
  return { config, helper, login: resolveLogin(options, report) };
}

function resolveLogin({ username, password, server_address: address }: AuthOptions, report: Report): OperatorAuth["login"] {
  if (username === undefined && password === undefined && address === undefined) return undefined;
  const server = address === undefined ? undefined : parseRegistryKey(address);
  for (const [key, value] of [["auth.username", username], ["auth.password", password]] as const) {
    if (value === undefined) report.refuse({ key, problem: "is missing", remedy: "write user name and password of the registry" });
  }
  if (server === undefined) {
    report.refuse({
      key: "auth.server_address",
      value: address,
      problem: address === undefined ? "is missing: without it the password would go to every registry" : "is no registry",
      remedy: "write e.g. registry.example.com:5000",
    });
  }
  return username === undefined || password === undefined || server === undefined ? undefined : { username, password, server };
}

import { trimBlanks } from "@driver/hcl";

/** Where a variable of Nomad's is, or where some are that begin alike. */
export interface VariablePath {
  /** Without slashes around it, and with single ones in it. */
  readonly path: string;
  readonly namespace: string;
  readonly region: string;
}

/**
 * What is meant by `path@namespace.region`: slashes and blanks around it do not count, nor doubled ones in it (`consul-template`:
 * NVGetQueryRe; the API of Nomad). Undefined: it is no path.
 */
export function parseVariablePath(text: string): VariablePath | undefined {
  const trimmed = trimBlanks(text).replaceAll(/^\/+|\/+$/g, "");
  const [, path, namespace = "default", region = "global"] = /^([^@]+)(?:@([\w-]+)(?:\.([\w-]+))?)?$/.exec(trimmed) ?? [];
  return path === undefined ? undefined : { path: path.replaceAll(/\/{2,}/g, "/"), namespace, region };
}

/**
 * What is meant by `prefix@namespace.region`, of which only one slash at the start does not count; the namespace `*` is all of them.
 * Undefined: it is no prefix (`consul-template`: NVListQueryRe).
 */
export function parseVariablePrefix(text: string): VariablePath | undefined {
  const [, prefix, namespace = "default", region = "global"] = /^\/?([^@]*)(?:@([\w-]+|\*)(?:\.([\w-]+))?)?$/.exec(text) ?? [];
  return prefix === undefined ? undefined : { path: /^\/*$/.test(prefix) ? "" : prefix, namespace, region };
}

/** The one way to write it: what is the default is left out. */
export function formatVariablePath({ path, namespace, region }: VariablePath): string {
  if (region !== "global") return `${path}@${namespace}.${region}`;
  return namespace === "default" ? path : `${path}@${namespace}`;
}

const pathForm = /^[a-zA-Z0-9-_~/]{1,128}$/;

/** Why Nomad would not keep a variable under this path; undefined: it would (`nomad`: ValidatePath). */
export function problemOfVariablePath({ path }: VariablePath): string | undefined {
  if (!pathForm.test(path)) return "a path has up to 128 of the letters a-z and A-Z, digits, and the signs - _ ~ /";
  const [top, second, ...rest] = path.split("/");
  if (top !== "nomad" || second === "jobs" || second === "sentinel") return undefined;
  if (second === "job-templates" && rest.length === 1) return undefined;
  return 'below "nomad" there are only nomad/jobs, nomad/sentinel and nomad/job-templates/NAME';
}

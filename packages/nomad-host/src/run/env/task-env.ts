import type { AllocatedPort } from "../ports/allocated-port.ts";
import type { Scope } from "./interpolate.ts";
import { interpolateText } from "./interpolate.ts";

/** What the environment of one task is made of. */
export interface TaskEnvSource {
  readonly allocId: string;
  readonly allocIndex: number;
  readonly jobId: string;
  /** Absent: the job is no launch of another one. */
  readonly parentJobId?: string | undefined;
  readonly jobName: string;
  readonly groupName: string;
  readonly taskName: string;
  readonly namespace: string;
  readonly region: string;
  readonly datacenter: string;
  readonly resources: { readonly cpuMhz: number; readonly memoryMb: number; readonly memoryMaxMb: number };
  /** cpuset list of reserved cores; empty without `cores`. */
  readonly cpusetCpus: string;
  readonly ports: readonly AllocatedPort[];
  /** Meta of job, group and task, merged. */
  readonly meta: Readonly<Record<string, string>>;
  /** The task's `env` block. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables from templates; they win, and are not interpolated. */
  readonly templateEnv: Readonly<Record<string, string>>;
}

/**
 * The whole environment Nomad gives a task of a driver with its own file system (`nomad`: fs_isolation image): the
 * NOMAD_* variables, then the job's `env`, whose values may refer to the former and to `nodeScope`.
 */
export function buildTaskEnv(source: TaskEnvSource, nodeScope: Scope): Readonly<Record<string, string>> {
  const nomad = { ...identityEnv(source), ...resourceEnv(source), ...portEnv(source.ports) };
  const scope: Scope = new Map([...nodeScope, ...Object.entries(nomad)]);
  const withMeta = { ...nomad, ...metaEnv(source.meta, scope) };
  const fullScope: Scope = new Map([...nodeScope, ...Object.entries(withMeta)]);
  const own = Object.entries(source.env).map(([key, value]) => [key, interpolateText(value, fullScope)]);
  return cleanNames({ ...withMeta, ...Object.fromEntries(own), ...source.templateEnv });
}

function identityEnv(source: TaskEnvSource): Record<string, string> {
  return {
    NOMAD_ALLOC_DIR: "/alloc",
    NOMAD_TASK_DIR: "/local",
    NOMAD_SECRETS_DIR: "/secrets",
    NOMAD_ALLOC_ID: source.allocId,
    NOMAD_SHORT_ALLOC_ID: source.allocId.slice(0, 8),
    NOMAD_ALLOC_NAME: `${source.jobId}.${source.groupName}[${source.allocIndex}]`,
    NOMAD_ALLOC_INDEX: String(source.allocIndex),
    NOMAD_TASK_NAME: source.taskName,
    NOMAD_GROUP_NAME: source.groupName,
    NOMAD_JOB_ID: source.jobId,
    NOMAD_JOB_NAME: source.jobName,
    ...(source.parentJobId === undefined ? {} : { NOMAD_JOB_PARENT_ID: source.parentJobId }),
    NOMAD_NAMESPACE: source.namespace,
    NOMAD_REGION: source.region,
    NOMAD_DC: source.datacenter,
  };
}

function resourceEnv({ resources, cpusetCpus }: TaskEnvSource): Record<string, string> {
  return {
    NOMAD_CPU_LIMIT: String(resources.cpuMhz),
    NOMAD_MEMORY_LIMIT: String(resources.memoryMb),
    ...(resources.memoryMaxMb > 0 ? { NOMAD_MEMORY_MAX_LIMIT: String(resources.memoryMaxMb) } : {}),
    ...(cpusetCpus === "" ? {} : { NOMAD_CPU_CORES: cpusetCpus }),
  };
}

/** PORT is the port to listen on inside the task; HOST_PORT, and the port in ADDR, the one on the host. */
function portEnv(ports: readonly AllocatedPort[]): Record<string, string> {
  const variables = ports.flatMap(({ label, hostPort, to, hostIp }) => {
    const inside = String(to > 0 ? to : hostPort);
    const address = `${hostIp.includes(":") ? `[${hostIp}]` : hostIp}:${hostPort}`;
    return [
      [`NOMAD_IP_${label}`, hostIp],
      [`NOMAD_PORT_${label}`, inside],
      [`NOMAD_ADDR_${label}`, address],
      [`NOMAD_HOST_IP_${label}`, hostIp],
      [`NOMAD_HOST_PORT_${label}`, String(hostPort)],
      [`NOMAD_HOST_ADDR_${label}`, address],
      [`NOMAD_ALLOC_PORT_${label}`, inside],
    ];
  });
  return Object.fromEntries(variables);
}

/** Each key as it is written and in upper case, as Nomad does. */
function metaEnv(meta: Readonly<Record<string, string>>, scope: Scope): Record<string, string> {
  const variables = Object.entries(meta).flatMap(([key, raw]) => {
    const value = interpolateText(raw, scope);
    return [
      [interpolateText(`NOMAD_META_${key.toUpperCase()}`, scope), value],
      [interpolateText(`NOMAD_META_${key}`, scope), value],
    ];
  });
  return Object.fromEntries(variables);
}

const cleanedPrefix = /^NOMAD_(?:ADDR|IP|PORT|HOST_PORT|META)_/;

/** Names that come from a port's label or a meta key get `_` for each byte that no shell accepts; others are kept (`nomad`). */
function cleanNames(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [cleanedPrefix.test(key) ? cleanName(key) : key, value]));
}

function cleanName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/gu, (sign) => "_".repeat(Buffer.byteLength(sign)));
}

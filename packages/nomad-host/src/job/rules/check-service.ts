import { describeValue, isList, toText } from "@driver/hcl";
import type { BlockReader } from "../block-reader.ts";
import type { JobKeys } from "../keys/job-key.ts";
import type { checkKeys, checkRestartKeys, identityKeys, serviceKeys } from "../keys/service-keys.ts";

export type ServiceReader = BlockReader<typeof serviceKeys>;
type CheckReader = BlockReader<typeof checkKeys>;

/** Where a service stands. */
export interface ServicePlace {
  readonly level: "group" | "task";
  /** What its name is without one of its own. */
  readonly defaultName: string;
  readonly jobName: string;
  readonly groupName: string;
  readonly taskName: string;
}

const addressModes = ["auto", "host", "driver", "alloc", "alloc_ipv6"];
const updateReactions = ["ignore", "require_healthy", "ignore_warnings"];
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
const serviceKinds = ["", "api-gateway", "ingress-gateway", "mesh-gateway", "terminating-gateway"];

/** The name that is registered: references to its surroundings are replaced, others are left. */
export function serviceName(reader: ServiceReader, place: ServicePlace): string {
  const { jobName, groupName, taskName, level } = place;
  const task = level === "group" ? "group" : taskName;
  const values: Readonly<Record<string, string>> = {
    JOB: jobName,
    TASKGROUP: groupName,
    TASK: task,
    BASE: `${jobName}-${groupName}-${task}`,
  };
  const name = reader.get("name") ?? "";
  return (name === "" ? place.defaultName : name).replace(/\$\{(JOB|TASKGROUP|TASK|BASE)\}/g, (_, key: string) => values[key] ?? "");
}

/** What a Nomad server asks of a service. */
export function checkService(reader: ServiceReader, place: ServicePlace): void {
  const name = serviceName(reader, place);
  if (!/^(?:[a-z0-9]|[a-z0-9][a-z0-9-]{0,61}[a-z0-9])$/i.test(name.replaceAll(/\$\{[A-Za-z0-9_.-]+\}/g, "ENV-VAR")))
    reader.report(`service ${JSON.stringify(name)}: a name has letters, digits and dashes inside only, and at most 63 of them`, "name");
  const mode = reader.get("address_mode") ?? "auto";
  checkWord(reader, "address_mode", addressModes);
  checkWord(reader, "on_update", updateReactions);
  if (mode !== "auto" && mode !== "" && (reader.get("address") ?? "") !== "")
    reader.report('service: an address of its own needs address_mode = "auto"', "address_mode");
  const foreignModes = place.level === "group" ? ["driver"] : ["alloc", "alloc_ipv6"];
  if (foreignModes.includes(mode)) reader.report(`service: address_mode "${mode}" has no place in a ${place.level}`, "address_mode");
  const provider = reader.get("provider") ?? "";
  checkWord(reader, "provider", ["consul", "nomad"]);
  if (provider !== "nomad" && !serviceKinds.includes(reader.get("kind") ?? ""))
    reader.report(`service: kind must be one of ${serviceKinds.slice(1).join(", ")}`, "kind");
  const cluster = reader.get("cluster") ?? "";
  if (provider !== "nomad" && cluster !== "" && cluster !== "default")
    reader.report('service: a cluster other than "default" is for Nomad Enterprise', "cluster");
  const identity = reader.optionalBlock("identity");
  if (identity !== undefined && (identity.get("aud") ?? []).length === 0) identity.report("identity of a service: aud is missing", "aud");
  for (const check of reader.blocks("check")) checkCheck(check, { service: reader, name, provider, level: place.level });
}

function checkWord(reader: ServiceReader, key: "address_mode" | "on_update" | "provider", known: readonly string[]): void {
  const word = reader.get(key) ?? "";
  if (word === "" || known.includes(word)) return;
  reader.report(`service: ${key} must be one of ${known.join(", ")}, not ${JSON.stringify(word)}`, key);
}

interface CheckPlace {
  readonly service: ServiceReader;
  readonly name: string;
  readonly provider: string;
  readonly level: "group" | "task";
}

const shortestIntervalMs = 1_000;

function checkCheck(reader: CheckReader, place: CheckPlace): void {
  const isNomads = place.provider === "nomad";
  const type = (reader.get("type") ?? "").toLowerCase();
  const types = isNomads ? ["tcp", "http"] : ["grpc", "tcp", "http", "script"];
  if (!types.includes(type)) reader.report(`check: type must be one of ${types.join(", ")}, not ${JSON.stringify(type)}`, "type");
  if (type === "http") checkHttpPath(reader);
  if (type === "script" && (reader.get("command") ?? "") === "") reader.report("check: a script needs a command", "command");
  for (const key of ["interval", "timeout"] as const) {
    const timeMs = reader.get(key) ?? 0;
    if (timeMs < shortestIntervalMs) reader.report(`check: ${key} must be given, and be at least 1s`, key);
  }
  const hasPort =
    [reader.get("port"), place.service.get("port")].some((port) => port !== undefined && port !== "") || place.service.hasFailed("port");
  if (["grpc", "tcp", "http"].includes(type) && !hasPort)
    reader.report(`check: neither it nor the service "${place.name}" has a port`, "port");
  const mode = reader.get("address_mode") ?? "";
  const modes = ["", "host", "driver", "alloc", "alloc_ipv6"];
  if (!modes.includes(mode)) reader.report(`check: address_mode must be one of ${modes.slice(1).join(", ")}`, "address_mode");
  if (place.level === "task" && mode.startsWith("alloc"))
    reader.report(`check: address_mode "${mode}" has no place in a task`, "address_mode");
  if (!["", "passing", "warning", "critical"].includes(reader.get("initial_status") ?? ""))
    reader.report("check: initial_status must be passing, warning or critical", "initial_status");
  checkHeader(reader.optionalBlock("header"));
  checkReaction(reader, place);
  if (isNomads) checkNomadOnly(reader, type);
  else checkConsulOnly(reader, type);
}

function checkHttpPath(reader: CheckReader): void {
  const path = reader.get("path") ?? "";
  if (path === "") reader.report("check: http needs a path", "path");
  else if (/^[a-z][a-z0-9+.-]*:/i.test(path)) reader.report("check: the path must be relative, without a host", "path");
}

/** Of each name a list of texts. */
function checkHeader(reader: BlockReader<JobKeys> | undefined): void {
  if (reader === undefined) return;
  const { attributes, blocks } = reader.block.body;
  for (const { name, value, position } of attributes) {
    const isRight = value === null || (isList(value) && value.every((item) => toText(item) !== undefined));
    if (!isRight) reader.report(`header ${name}: must be a list of strings, not ${describeValue(value)}`, position);
  }
  for (const { type, position } of blocks) reader.report(`block ${type} in header: only arguments may stand here`, position);
}

function checkReaction(reader: CheckReader, { service }: CheckPlace): void {
  const onUpdate = reader.get("on_update") ?? "";
  if (onUpdate !== "" && !updateReactions.includes(onUpdate))
    reader.report(`check: on_update must be one of ${updateReactions.join(", ")}, not ${JSON.stringify(onUpdate)}`, "on_update");
  const own = reader.optionalBlock("check_restart");
  const inherited = service.optionalBlock("check_restart");
  if (own !== undefined) checkCheckRestart(own);
  if (inherited !== undefined) checkCheckRestart(inherited);
  if (own === undefined && inherited === undefined) return;
  if (onUpdate === "ignore") reader.report('check: on_update "ignore" and check_restart exclude each other', "on_update");
  const ignoresWarnings = own?.get("ignore_warnings") === true || inherited?.get("ignore_warnings") === true;
  if (onUpdate === "ignore_warnings" && !ignoresWarnings)
    reader.report('check: on_update "ignore_warnings" needs ignore_warnings in check_restart', "on_update");
}

function checkCheckRestart(reader: BlockReader<typeof checkRestartKeys>): void {
  if ((reader.get("limit") ?? 0) < 0) reader.report("check_restart: limit must not be negative", "limit");
  if ((reader.get("grace") ?? 0) < 0) reader.report("check_restart: grace must not be negative", "grace");
}

function checkNomadOnly(reader: CheckReader, type: string): void {
  const consulOnly = [
    "expose",
    "success_before_passing",
    "failures_before_critical",
    "failures_before_warning",
    "tls_server_name",
  ] as const;
  for (const key of consulOnly) {
    const value = reader.get(key);
    const isSet = typeof value === "number" ? value > 0 : value === true || (typeof value === "string" && value !== "");
    if (isSet) reader.report(`check: ${key} is for the provider consul only`, key);
  }
  if (reader.get("on_update") === "ignore_warnings")
    reader.report("check: on_update ignore_warnings is for the provider consul only", "on_update");
  if (reader.optionalBlock("check_restart")?.get("ignore_warnings") === true)
    reader.report("check_restart: ignore_warnings is for the provider consul only", "check_restart");
  if (reader.get("address_mode") === "driver")
    reader.report('check: address_mode "driver" is for the provider consul only', "address_mode");
  const method = reader.get("method") ?? "";
  if (type === "http" && method !== "" && !methods.includes(method.toUpperCase()))
    reader.report(`check: method must be one of ${methods.join(", ")}`, "method");
}

function checkConsulOnly(reader: CheckReader, type: string): void {
  if (reader.get("expose") === true && type !== "http" && type !== "grpc")
    reader.report("check: expose is for http and grpc only", "expose");
  for (const key of ["success_before_passing", "failures_before_critical", "failures_before_warning"] as const) {
    const count = reader.get(key) ?? 0;
    if (count > 0 && !["tcp", "http", "grpc"].includes(type)) reader.report(`check: ${key} is not for ${type} checks`, key);
  }
  if (Buffer.byteLength(reader.get("notes") ?? "") > 255) reader.report("check: notes must not be longer than 255 bytes", "notes");
}

/** What a Nomad server asks of a task's identity. */
export function checkIdentity(reader: BlockReader<typeof identityKeys>): void {
  const name = reader.get("name") ?? "";
  const mode = reader.get("change_mode") ?? "";
  const changeSignal = reader.get("change_signal") ?? "";
  if (name !== "" && !/^[A-Za-z0-9_-]{1,128}$/.test(name))
    reader.report(`identity ${JSON.stringify(name)}: a name has letters, digits, - and _ only`, "name");
  if (!["", "noop", "restart", "signal"].includes(mode))
    reader.report("identity: change_mode must be noop, restart or signal", "change_mode");
  if (mode === "signal" && changeSignal === "") reader.report("identity: change_mode signal needs change_signal", "change_mode");
  if (mode !== "signal" && changeSignal !== "") reader.report('identity: change_signal needs change_mode = "signal"', "change_signal");
  const ttlMs = reader.get("ttl") ?? 0;
  if (ttlMs < 0) reader.report("identity: ttl must not be negative", "ttl");
  if (ttlMs > 0 && (name === "" || name === "default")) reader.report("identity: the default one takes no ttl", "ttl");
  if ((reader.get("filepath") ?? "") !== "" && reader.get("file") !== true)
    reader.report("identity: filepath needs file = true", "filepath");
}

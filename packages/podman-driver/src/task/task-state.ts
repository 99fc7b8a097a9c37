import {
  decodeGoTime,
  decodeMsgpackRaw,
  DriverError,
  encodeGoMsgpack,
  encodeGoTime,
  goZeroTime,
  type DriverNetwork,
  type GoValue,
  type HclRecord,
  type RawValue,
} from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { logCollectors, type LogCollector, type LogOrigin } from "../config/log-route.ts";

/** What this driver keeps beside the Go driver's state. Text that is empty or left out is not known. */
export interface OwnState {
  /** The kernel's id of the boot in which the container was started. */
  readonly bootId: string;
  /** 0: it had ended before it could be looked at. */
  readonly containerPid: number;
  /** Start time of `containerPid` in clock ticks since boot, as in /proc/<pid>/stat. */
  readonly containerStartTicks: string;
  /** The way of its output, which it keeps for life. */
  readonly logs: { readonly from: LogOrigin; readonly by: LogCollector };
  /** The image's stop signal, where it names one. */
  readonly stopSignal?: string | undefined;
  /** The task has a health check of its own, run each so many ms by this driver; 0: by systemd. Undefined: none. */
  readonly healthEveryMs?: number | undefined;
  /** 0: none. Undefined: a version has written it that did not keep it. */
  readonly memoryLimitBytes?: number | undefined;
}

export interface TaskState {
  readonly containerId: string;
  /** The year 1 when the state holds none. */
  readonly startedAt: Date;
  /** Undefined where the state does not say (the Go driver up to 0.6.2): the default socket. */
  readonly socketName: string | undefined;
  /** The Go driver read the container's output back from Podman's journald log. */
  readonly logStreamer: boolean;
  readonly network: DriverNetwork | undefined;
  /** Undefined for a task that the Go driver started. */
  readonly own: OwnState | undefined;
}

export interface NewTaskState {
  readonly containerId: string;
  readonly startedAt: Date;
  readonly network: DriverNetwork | undefined;
  /** The task's config as the Go driver keeps it, without secrets. */
  readonly config: HclRecord;
  /** The socket the container really runs on; default: the one the job names. */
  readonly socketName?: string;
  readonly own: OwnState;
}

/** Later versions may add keys, but keep the meaning of those here. */
const ownVersion = 1;

/**
 * Driver state that the Go driver (0.6.3 and later) reads as its own, so that operators can go back; our own keys are in
 * one map that it ignores. Holds no secret.
 */
export function encodeTaskState(state: NewTaskState): Uint8Array<ArrayBuffer> {
  const { network, config, own } = state;
  const socket = state.socketName ?? config["socket"] ?? "";
  return encodeGoMsgpack({
    ContainerID: state.containerId,
    Driver: encodeOwnState(own),
    // The Go driver then reads the container's output back from the journal.
    LogStreamer: own.logs.from.kind === "journal",
    Net: network === undefined ? null : { AutoAdvertise: network.autoAdvertise, IP: network.ip, PortMap: network.portMap },
    StartedAt: encodeGoTime(state.startedAt),
    TaskConfig: { ...config, socket: socket === "" ? "default" : socket },
  });
}

function encodeOwnState({ logs: { from, by }, ...rest }: OwnState): GoValue {
  const logSource = from.kind === "journal" ? "journal" : undefined;
  const logLimitBytes = from.kind === "file" ? from.limitBytes : undefined;
  const entries = Object.entries({ version: ownVersion, ...rest, logMode: by, logSource, logLimitBytes });
  return Object.fromEntries(entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}

/**
 * Reads our state and that of every version of the Go driver.
 * @throws DriverError `failed` that names the key that is wrong
 */
export function decodeTaskState(driverState: Uint8Array): TaskState {
  const root = recordOf(decodeBytes(driverState), "the whole of it");
  const containerId = textOf(root, "ContainerID") ?? "";
  if (containerId === "") throw corrupt("ContainerID is missing");
  const taskConfig = present(root["TaskConfig"]);
  const own = present(root["Driver"]);
  return {
    containerId,
    startedAt: timeOf(root, "StartedAt"),
    socketName: taskConfig === undefined ? undefined : socketOf(recordOf(taskConfig, "TaskConfig")),
    logStreamer: boolOf(root, "LogStreamer"),
    network: networkOf(root["Net"]),
    own: own === undefined ? undefined : decodeOwnState(recordOf(own, "Driver")),
  };
}

function decodeBytes(driverState: Uint8Array): RawValue {
  try {
    return decodeMsgpackRaw(driverState);
  } catch (cause) {
    throw corrupt(`it is no msgpack: ${messageOf(cause)}`, cause);
  }
}

/** The Go driver up to 0.6.2 kept Nomad's task config under this key, which knows no socket. */
function socketOf(taskConfig: RawRecord): string | undefined {
  const name = textOf(taskConfig, "socket", "TaskConfig.");
  return name === "" ? undefined : name;
}

function networkOf(value: RawValue | undefined): DriverNetwork | undefined {
  if (present(value) === undefined) return undefined;
  const net = recordOf(value, "Net");
  const ports = present(net["PortMap"]);
  const portMap = ports === undefined ? {} : recordOf(ports, "Net.PortMap");
  const entries = Object.keys(portMap).map((label) => [label, numberOf(portMap, label, "Net.PortMap.") ?? 0] as const);
  return { ip: textOf(net, "IP", "Net.") ?? "", portMap: Object.fromEntries(entries), autoAdvertise: boolOf(net, "AutoAdvertise", "Net.") };
}

function decodeOwnState(own: RawRecord): OwnState {
  const at = "Driver.";
  return {
    bootId: textOf(own, "bootId", at) ?? "",
    containerPid: numberOf(own, "containerPid", at) ?? 0,
    containerStartTicks: textOf(own, "containerStartTicks", at) ?? "",
    logs: decodeLogs(own, at),
    stopSignal: textOf(own, "stopSignal", at),
    healthEveryMs: numberOf(own, "healthEveryMs", at),
    memoryLimitBytes: numberOf(own, "memoryLimitBytes", at),
  };
}

/** Output that is kept nowhere is read as a file that nobody collects, which comes to the same. */
function decodeLogs(own: RawRecord, at: string): OwnState["logs"] {
  const mode = textOf(own, "logMode", at);
  const by = logCollectors.find((one) => one === mode);
  if (by === undefined) throw corrupt(`${at}logMode is ${JSON.stringify(mode)}, not one of ${logCollectors.join(", ")}`);
  const isInJournal = textOf(own, "logSource", at) === "journal";
  return { from: isInJournal ? { kind: "journal", options: {} } : { kind: "file", limitBytes: numberOf(own, "logLimitBytes", at) }, by };
}

type RawRecord = Readonly<Record<string, RawValue>>;

function recordOf(value: RawValue | undefined, name: string): RawRecord {
  if (isRecord(value)) return value;
  throw corrupt(`${name} is no map`);
}

function isRecord(value: RawValue | undefined): value is RawRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function textOf(record: RawRecord, key: string, at = ""): string | undefined {
  const value = present(record[key]);
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array)) throw corrupt(`${at}${key} is no string`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch (cause) {
    throw corrupt(`${at}${key} is no UTF-8 text`, cause);
  }
}

function numberOf(record: RawRecord, key: string, at = ""): number | undefined {
  const value = present(record[key]);
  if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
  throw corrupt(`${at}${key} is no whole number`);
}

function boolOf(record: RawRecord, key: string, at = ""): boolean {
  const value = present(record[key]) ?? false;
  if (typeof value === "boolean") return value;
  throw corrupt(`${at}${key} is no bool`);
}

function timeOf(record: RawRecord, key: string): Date {
  const value = present(record[key]);
  if (value === undefined) return goZeroTime();
  if (!(value instanceof Uint8Array)) throw corrupt(`${key} is no time`);
  try {
    return decodeGoTime(value);
  } catch (cause) {
    throw corrupt(`${key}: ${messageOf(cause)}`, cause);
  }
}

function present(value: RawValue | undefined): Exclude<RawValue, null> | undefined {
  return value === null ? undefined : value;
}

function corrupt(problem: string, cause?: unknown): DriverError {
  return new DriverError("failed", `read the task's driver state: ${problem}`, { cause });
}

import { isAbsolute, normalize } from "node:path";
import type { HclRecord, HclValue } from "@driver/nomad-plugin";
import type { DeviceNeed, Given } from "../topic.ts";

/** A device of the task's config. */
export interface WantedDevice {
  readonly key: string;
  /** Podman's one string: `host[:container][:permissions]`, or a CDI name. */
  readonly path: string;
  /** True: it has another place inside the container than on the host. */
  readonly isMoved: boolean;
  /** What must be a device for it; undefined: it is a CDI name. */
  readonly need: DeviceNeed | undefined;
}

const examples = "e.g. /dev/fuse or /dev/ttyUSB0:/dev/modem:rw, or a CDI name such as vendor.com/class=name";
const form = `host[:container][:permissions] would be right, ${examples}`;

/** `vendor/class=name`, as the Container Device Interface has it. */
const cdiName = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[A-Za-z0-9][\w.:-]*$/;

/**
 * `devices`: a list of Podman's strings, or of Nomad's Docker driver's blocks. Notes the wish for each.
 */
export function parseDevices(value: HclValue | undefined, given: Given): readonly WantedDevice[] {
  if (value === undefined || value === null) return [];
  const entries: readonly HclValue[] | undefined = Array.isArray(value) ? value : isRecord(value) ? [value] : undefined;
  if (entries === undefined) {
    given.report.refuse({ key: "devices", value, problem: "is no list", remedy: 'write e.g. devices = ["/dev/fuse"]' });
  }
  return (entries ?? []).flatMap((entry, index) => parseEntry(entry, `devices[${index}]`, given));
}

function parseEntry(entry: HclValue, key: string, given: Given): readonly WantedDevice[] {
  if (typeof entry === "string") return parseText(entry, key, given);
  if (isRecord(entry)) return parseBlock(entry, key, given);
  given.report.refuse({ key, value: entry, problem: "is no device", remedy: form });
  return [];
}

function parseText(text: string, key: string, given: Given): readonly WantedDevice[] {
  if (cdiName.test(text)) {
    given.wish({ kind: "cdi-device", key, value: text, name: text });
    return [{ key, path: text, isMoved: false, need: undefined }];
  }
  const [host = "", second, third, ...more] = text.split(":");
  const container = second?.startsWith("/") === true ? second : undefined;
  const permissions = container === undefined && third === undefined ? second : third;
  const isForm = more.length === 0 && isAbsolute(host) && (third === undefined || container !== undefined);
  if (!isForm || !isPermissions(permissions)) {
    given.report.refuse({ key, value: text, problem: "is no device", remedy: form });
    return [];
  }
  const hostPath = normalize(host);
  given.wish({ kind: "device", key, value: text, hostPath });
  return [
    {
      key,
      path: [hostPath, ...text.split(":").slice(1)].join(":"),
      isMoved: container !== undefined && container !== host,
      need: { kind: "device", key, value: text, path: hostPath, sort: "any" },
    },
  ];
}

const blockKeys = ["host_path", "container_path", "cgroup_permissions"];

/** As with Nomad's Docker driver: its place is the same inside unless said, and it may do all. */
function parseBlock(block: HclRecord, key: string, given: Given): readonly WantedDevice[] {
  const { report } = given;
  const wrong = Object.entries(block).filter(([name, value]) => !blockKeys.includes(name) || (value !== null && typeof value !== "string"));
  for (const [name, value] of wrong) {
    const problem = blockKeys.includes(name) ? "is no string" : "is unknown";
    report.refuse({ key: `${key}.${name}`, value, problem, remedy: `a device has ${blockKeys.join(", ")}` });
  }
  if (wrong.length > 0) return [];
  const textOf = (name: string): string => (block[name] as string | null | undefined) ?? "";
  const host = textOf("host_path");
  const container = textOf("container_path") || host;
  const permissions = textOf("cgroup_permissions") || "rwm";
  const refuse = (name: string, value: string, problem: string, remedy: string): void =>
    report.refuse({ key: `${key}.${name}`, value, problem, remedy });
  if (!isAbsolute(host)) refuse("host_path", host, "is no absolute path", "write e.g. /dev/fuse");
  else if (!isAbsolute(container)) refuse("container_path", container, "is no absolute path", "write e.g. /dev/fuse");
  else if (!isPermissions(permissions))
    refuse("cgroup_permissions", permissions, "are no permissions", "letters of r, w and m would be right");
  else return parseText(`${host}:${container}:${permissions}`, key, given);
  return [];
}

function isPermissions(text: string | undefined): boolean {
  return text === undefined || (/^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length);
}

function isRecord(value: HclValue): value is HclRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

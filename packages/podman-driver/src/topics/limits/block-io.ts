import { isAbsolute, normalize } from "node:path";
import type { BlockIoSpec } from "@driver/libpod";
import { readMemorySize } from "../../config/parse-memory-size.ts";
import type { Report } from "../../config/report.ts";
import type { DeviceNeed, Explanation } from "../topic.ts";

/** The kernel's range of weights (linux: blkio of cgroup v1; Podman and the runtimes convert it for v2). */
const [lightest, heaviest] = [10, 1000];

/** Each as `path:figure`; 0 is not set. */
export interface BlockIoOptions {
  readonly blkio_weight?: number | undefined;
  readonly blkio_weight_device: readonly string[];
  readonly device_read_bps: readonly string[];
  readonly device_write_bps: readonly string[];
  readonly device_read_iops: readonly string[];
  readonly device_write_iops: readonly string[];
}

type DeviceKey = Exclude<keyof BlockIoOptions, "blkio_weight">;

/** One figure for one device of the host. */
interface DeviceFigure {
  readonly key: DeviceKey;
  /** Where it stands in the config, and how it is written there. */
  readonly site: { readonly key: string; readonly value: string };
  readonly path: string;
  readonly figure: number;
}

/** What a task asks of the host's disks. */
export interface WantedBlockIo {
  /** Undefined: the kernel's default. */
  readonly weight: number | undefined;
  readonly devices: readonly DeviceFigure[];
}

interface DeviceForm {
  /** What the figure is, and an example. */
  readonly form: string;
  /** Undefined: it is none. */
  parse(text: string): number | undefined;
}

const weightForm: DeviceForm = { form: `path:weight with a weight from ${lightest} to ${heaviest}, e.g. /dev/sda:200`, parse: toWeight };
const rateForm: DeviceForm = { form: "path:rate in bytes a second, e.g. /dev/sda:10m", parse: toRate };
const countForm: DeviceForm = { form: "path:rate in operations a second, e.g. /dev/sda:200", parse: toCount };

const deviceForms: Readonly<Record<DeviceKey, DeviceForm>> = {
  blkio_weight_device: weightForm,
  device_read_bps: rateForm,
  device_write_bps: rateForm,
  device_read_iops: countForm,
  device_write_iops: countForm,
};
const deviceKeys = Object.keys(deviceForms) as readonly DeviceKey[];

/** Checks what Podman finds out at the start only, and what it drops without a word: the first of two figures for one device. */
export function wantBlockIo(options: BlockIoOptions, report: Report): WantedBlockIo {
  const { blkio_weight: weight = 0 } = options;
  if (weight !== 0 && (weight < lightest || weight > heaviest)) {
    report.refuse({
      key: "blkio_weight",
      value: weight,
      problem: "is out of range",
      remedy: `${lightest} to ${heaviest} would be right`,
    });
  }
  return { weight: weight === 0 ? undefined : weight, devices: deviceKeys.flatMap((key) => toFigures(key, options[key], report)) };
}

function toFigures(key: DeviceKey, texts: readonly string[], report: Report): readonly DeviceFigure[] {
  const { form, parse } = deviceForms[key];
  const seen = new Set<string>();
  return texts.flatMap((text, index) => {
    const site = { key: `${key}[${index}]`, value: text };
    const colon = text.lastIndexOf(":");
    const path = normalize(text.slice(0, Math.max(0, colon)));
    const figure = parse(text.slice(colon + 1));
    if (!isAbsolute(path) || figure === undefined) {
      report.refuse({ ...site, problem: "is no device with its figure", remedy: `${form} would be right` });
      return [];
    }
    if (seen.has(path)) report.refuse({ ...site, problem: `is the second figure for ${path}`, remedy: "remove one of them" });
    seen.add(path);
    return [{ key, site, path, figure }];
  });
}

function toWeight(text: string): number | undefined {
  const weight = toCount(text);
  return weight !== undefined && weight >= lightest && weight <= heaviest ? weight : undefined;
}

function toCount(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** Zero is what the kernel takes for no limit. */
function toRate(text: string): number | undefined {
  return readMemorySize(text) || undefined;
}

/** Nothing. */
export const noBlockIo: WantedBlockIo = { weight: undefined, devices: [] };

/** The keys that ask for something, each once. */
export function toBlockIoKeys({ weight, devices }: WantedBlockIo): readonly string[] {
  return [...new Set([...(weight === undefined ? [] : ["blkio_weight"]), ...devices.map(({ key }) => key)])];
}

interface PlannedBlockIo {
  readonly resources: { readonly blockIO?: { readonly weight: number } };
  readonly spec: BlockIoSpec;
}

/** The part of the container's spec; Podman has the weight of all devices among the resources, and figures for one beside them. */
export function planBlockIo({ weight, devices }: WantedBlockIo): PlannedBlockIo {
  const of = <T>(wanted: DeviceKey, toEntry: (figure: number) => T): Readonly<Record<string, T>> | undefined => {
    const entries = devices.flatMap(({ key, path, figure }) => (key === wanted ? [[path, toEntry(figure)] as const] : []));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  };
  const toThrottle = (rate: number): { readonly rate: number } => ({ rate });
  return {
    resources: weight === undefined ? {} : { blockIO: { weight } },
    spec: {
      weightDevice: of("blkio_weight_device", (one) => ({ weight: one })),
      throttleReadBpsDevice: of("device_read_bps", toThrottle),
      throttleWriteBpsDevice: of("device_write_bps", toThrottle),
      throttleReadIOPSDevice: of("device_read_iops", toThrottle),
      throttleWriteIOPSDevice: of("device_write_iops", toThrottle),
    },
  };
}

/** On cgroup v2 Podman (5.4) starts the task without the limit where the path is no block device, and says nothing. */
export function toBlockDeviceNeeds({ devices }: WantedBlockIo): readonly DeviceNeed[] {
  return devices.map(({ site, path }) => ({ kind: "device", ...site, path, sort: "block" }));
}

/** Words of Podman (4.3 to 6.1), of runc on cgroup v1 and of crun on v2, about a device that cannot be limited, or not like this. */
const weightTrouble = /weight device|weight_device|io\.(bfq\.)?weight\b/;
const throttleTrouble = /throttle device|blkio\.throttle\.|\bio\.max\b/;
/** Of either kind of device (podman 5.8), by its path: what is none, or is missing. */
const deviceTrouble = /(\/\S+): (?:not a block device|no such file or directory)/;

/** Which of the devices an error of Podman's is about; none: it is about something else. */
function toBlame(podmanText: string, devices: WantedBlockIo["devices"]): (device: WantedBlockIo["devices"][number]) => boolean {
  const isWeight = weightTrouble.test(podmanText);
  if (isWeight || throttleTrouble.test(podmanText)) return ({ key }) => (key === "blkio_weight_device") === isWeight;
  const named = devices.find(({ path }) => path === deviceTrouble.exec(podmanText)?.[1]);
  return (device) => device === named;
}

/** Of a kernel with no weights at all (crun 1.21); weights of devices are those of bfq alone. */
const weightlessKernel = /\bio\.weight\b/;

/** Which key an error of Podman's is about; undefined: it is about something else. */
export function explainBlockIoFailure(podmanText: string, { weight, devices }: WantedBlockIo): Explanation | undefined {
  if (weight !== undefined && weightlessKernel.test(podmanText)) {
    return { text: `the task's config has blkio_weight = ${weight}, which needs a kernel that weighs disk time (io.weight of cgroup v2)` };
  }
  const asked = devices.filter(toBlame(podmanText, devices));
  if (asked.length === 0) return undefined;
  const isWeight = asked[0]?.key === "blkio_weight_device";
  const keys = asked.map(({ key, path, figure }) => `${key} = "${path}:${figure}"`).join(", ");
  const hint = isWeight ? "a block device of the host whose I/O scheduler is bfq" : "a block device of the host";
  return { text: `the task's config has ${keys}, which needs ${hint}` };
}

import { isAbsolute, join, normalize } from "node:path";
import type { TaskConfig } from "@driver/nomad-plugin";
import type { Given } from "../topic.ts";
import { checkMountOptions } from "./mount-options.ts";

interface MountBase {
  /** Where the job asks for it, e.g. `volumes[0]`. */
  readonly key: string;
  /** As the job writes it, for messages. */
  readonly value: unknown;
  /** Absolute and normal. */
  readonly destination: string;
}

/** What a volume is made of when it is not there yet; undefined: Podman makes it on demand, of its own driver. */
export interface VolumeMake {
  /** Empty: Podman's own, `local`. */
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
}

/** A mount that a task's config asks for. `options` are Podman's words, checked. */
export type WantedMount = MountBase &
  (
    | { readonly kind: "bind" | "overlay"; readonly source: string; readonly options: readonly string[] }
    /** Without a name an anonymous one; `subpath`: of the volume, that alone is mounted. */
    | {
        readonly kind: "volume";
        readonly name: string;
        readonly options: readonly string[];
        readonly make: VolumeMake | undefined;
        readonly subpath?: string | undefined;
      }
    | { readonly kind: "tmpfs"; readonly options: readonly string[] }
    | { readonly kind: "image"; readonly reference: string; readonly isWritable: boolean }
  );

/** Where one entry stands. */
export interface MountSite {
  readonly key: string;
  readonly value: unknown;
}

/** What every kind of mount is told. */
interface MountParts {
  readonly destination: string;
  readonly options: readonly string[];
}

interface BindParts extends MountParts {
  readonly source: string;
}

/** A folder or file of the host, or of the task's folder when the source is relative. Notes the wish for it. */
export function toBind(site: MountSite, { source, destination, options }: BindParts, given: Given): WantedMount {
  const kind = options.includes("O") ? "overlay" : "bind";
  checkMountOptions(options, kind, { ...site, report: given.report });
  const hostPath = toHostPath(source, given.task);
  const layers = options.filter((option) => /^(upperdir|workdir)=\//.test(option)).map((option) => option.slice(option.indexOf("=") + 1));
  for (const path of [hostPath, ...layers.map(normalizePath)]) {
    given.wish({ kind: "bind", ...toWishSite(site), hostPath: path, ...(kind === "overlay" && { isLoose: true }) });
  }
  return { ...site, kind, destination: toDestination(site, destination, given), source: hostPath, options };
}

interface VolumeParts extends MountParts {
  readonly name: string;
  readonly make: VolumeMake | undefined;
  readonly subpath?: string | undefined;
}

/** A volume of Podman's. Notes the wish for one that has a name. */
export function toVolume(site: MountSite, { name, destination, options, make, subpath }: VolumeParts, given: Given): WantedMount {
  checkMountOptions(options, "volume", { ...site, report: given.report });
  if (name !== "") {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) {
      const problem = `has the volume name ${JSON.stringify(name)}, which Podman does not take`;
      given.report.refuse({ ...site, problem, remedy: "use up to 255 letters, digits, and _ . - behind the first" });
    }
    given.wish({ kind: "volume", ...toWishSite(site), name });
  }
  const device = make === undefined ? undefined : toBoundDevice(make);
  if (device !== undefined) given.wish({ kind: "bind", ...toWishSite(site), hostPath: device, isLoose: true });
  return { ...site, kind: "volume", name, destination: toDestination(site, destination, given), options, make, subpath };
}

/** The local driver mounts what its `device` says: a folder or disk of the host's, unless the type says that it is none. */
function toBoundDevice({ driver, options: { device, type = "" } }: VolumeMake): string | undefined {
  if (device === undefined || (driver !== "" && driver !== "local") || /^(tmpfs|nfs4?|cifs)$/.test(type)) return undefined;
  return normalizePath(`/${device}`);
}

/** Memory alone. */
export function toTmpfs(site: MountSite, { destination, options }: MountParts, given: Given): WantedMount {
  checkMountOptions(options, "tmpfs", { ...site, report: given.report });
  return { ...site, kind: "tmpfs", destination: toDestination(site, destination, given), options };
}

/** Refuses a place that Podman would, and one that must stay the container's own. */
export function toDestination(site: MountSite, destination: string, { report }: Pick<Given, "report">): string {
  const place = normalizePath(destination);
  if (!isAbsolute(destination)) {
    const problem = `has the destination ${JSON.stringify(destination)}, which is no absolute path`;
    report.refuse({ ...site, problem, remedy: "name the place inside the container, e.g. /data" });
  } else if (place === "/") {
    report.refuse({ ...site, problem: "would cover all of the container", remedy: "name a folder below /" });
  }
  return place;
}

/** A relative path is one in the task's folder (as with the Go driver). */
function toHostPath(source: string, { allocDir, name }: Pick<TaskConfig, "allocDir" | "name">): string {
  return normalizePath(isAbsolute(source) ? source : join(allocDir, name, source));
}

function normalizePath(path: string): string {
  return normalize(path).replace(/(?<=.)\/+$/, "");
}

function toWishSite({ key, value }: MountSite): { readonly key: string; readonly value: string } {
  return { key, value: typeof value === "string" ? value : JSON.stringify(value) };
}

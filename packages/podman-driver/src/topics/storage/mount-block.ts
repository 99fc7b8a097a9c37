import { asksForSomething, attr, block, mapAttr, type InferFields } from "@driver/nomad-plugin";
import type { Given } from "../topic.ts";
import { propagations } from "./mount-options.ts";
import { toBind, toDestination, toTmpfs, toVolume, type MountSite, type VolumeMake, type WantedMount } from "./wanted-mount.ts";

/** The body of a `mount` block: that of Nomad's Docker driver, and `options` and the type `image` as Podman has them. */
export const mountFields = {
  type: attr.string({ default: "volume", help: "What is mounted: volume, bind, tmpfs or image." }),
  target: attr.string({ help: "Place inside the container." }),
  source: attr.string({ help: "Volume name (not set: an anonymous one), path as in volumes, or image." }),
  readonly: attr.bool({ default: false, help: "Mount it read-only; an image always is, unless options say rw." }),
  options: attr.list("string", {
    needs: "U of a volume, no-dereference: 5.0; noswap: 4.7; noatime: 5.6",
    help: "Podman's mount options, as in volumes and tmpfs.",
  }),
  bind_options: block(
    { propagation: attr.string({ help: "Mount propagation, e.g. rslave; not set: rprivate." }) },
    { help: "For the type bind." },
  ),
  tmpfs_options: block(
    {
      size: attr.number({ help: "Size in bytes; not set: up to half of the host's memory." }),
      mode: attr.number({ help: "Mode of the folder, as a decimal number: 1023 is 1777 in octal; not set: the image's, else that." }),
    },
    { help: "For the type tmpfs." },
  ),
  volume_options: block(
    {
      no_copy: attr.bool({ default: false, help: "Do not fill an empty volume with what the image has at the place." }),
      subpath: attr.string({ needs: "5.0", help: "Folder or file within the volume that is mounted in place of all of it." }),
      labels: mapAttr("string", { help: "Labels of the volume, when it is made." }),
      driver_config: block(
        {
          name: attr.string({ help: "Volume driver; not set: volume_driver, else Podman's own." }),
          options: mapAttr("string", { secret: true, help: "The driver's options, e.g. type, device and o." }),
        },
        { help: "What the volume is made with." },
      ),
    },
    { help: "For the type volume." },
  ),
};

export type MountBlock = InferFields<typeof mountFields>;

/** What a `mount` block asks for; none when its mistakes leave nothing. */
export function parseMountBlock(body: MountBlock, key: string, volumeDriver: string, given: Given): readonly WantedMount[] {
  const { type } = body;
  const target = toTarget(body.target, key, given);
  const site: MountSite = { key, value: body.source === undefined ? target : `${body.source}:${target}` };
  refuseForeignBlocks(body, key, given);
  checkPropagation(body, key, given);
  const parts = { site, body, destination: target, options: toOptions(body), volumeDriver };
  if (target === "") return [];
  if (type === "bind") return bindOf(parts, given);
  if (type === "tmpfs") return tmpfsOf(parts, given);
  if (type === "image") return imageOf(parts, given);
  if (type === "volume") return [volumeOf(parts, given)];
  const remedy = "volume, bind, tmpfs or image would be right";
  given.report.refuse({ key: `${key}.type`, value: type, problem: "is no type of mount", remedy });
  return [];
}

/** Empty after a refusal: it names the key, as the author has no `source:target` that it would be a part of. */
function toTarget(target: string | undefined, key: string, { report }: Given): string {
  if (target?.startsWith("/") === true) return target;
  const problem = target === undefined ? "is not set" : "is no absolute path";
  report.refuse({ key: `${key}.target`, value: target, problem, remedy: "name the place inside the container, e.g. /data" });
  return "";
}

function checkPropagation({ type, bind_options: bind }: MountBlock, key: string, { report }: Given): void {
  const value = bind?.propagation;
  if (type !== "bind" || value === undefined || propagations.includes(value)) return;
  const remedy = `${propagations.slice(0, -1).join(", ")} or ${propagations.at(-1)} would be right`;
  report.refuse({ key: `${key}.bind_options.propagation`, value, problem: "is no mount propagation", remedy });
}

interface MountParts {
  readonly site: MountSite;
  readonly body: MountBlock;
  readonly destination: string;
  readonly options: readonly string[];
  readonly volumeDriver: string;
}

const blockTypes = { bind_options: "bind", tmpfs_options: "tmpfs", volume_options: "volume" } as const;

function refuseForeignBlocks(body: MountBlock, key: string, { report }: Given): void {
  for (const [name, type] of Object.entries(blockTypes)) {
    // An empty one is what makes job files writes down for nothing.
    if (body.type === type || !asksForSomething(body[name as keyof typeof blockTypes])) continue;
    const problem = `is for mounts of the type ${type}, and this one is of the type ${body.type}`;
    report.refuse({ key: `${key}.${name}`, problem, remedy: "remove it, or change the type" });
  }
}

function toOptions(body: MountBlock): readonly string[] {
  const { options, readonly: isReadonly } = body;
  return [...options, ...(isReadonly && !options.includes("ro") ? ["ro"] : []), ...toTypeOptions(body)];
}

/** What the block of the mount's own type says, in Podman's words. A zero is what the Docker driver takes for not set. */
function toTypeOptions({ type, options, bind_options: bind, tmpfs_options: tmpfs, volume_options: volume }: MountBlock): readonly string[] {
  const { size = 0, mode = 0 } = tmpfs ?? {};
  if (type === "bind") return propagations.filter((one) => one === bind?.propagation);
  if (type === "tmpfs") return [...(size === 0 ? [] : [`size=${size}`]), ...(mode === 0 ? [] : [`mode=${mode.toString(8)}`])];
  return type === "volume" && volume?.no_copy === true && !options.includes("nocopy") ? ["nocopy"] : [];
}

function bindOf({ site, body: { source }, destination, options }: MountParts, given: Given): readonly WantedMount[] {
  if (source !== undefined) return [toBind(site, { source, destination, options }, given)];
  const remedy = "a bind needs a path on the host, or in the task's folder";
  given.report.refuse({ key: `${site.key}.source`, problem: "is not set", remedy });
  return [];
}

function tmpfsOf({ site, body: { source }, destination, options }: MountParts, given: Given): readonly WantedMount[] {
  if (source !== undefined) {
    given.report.refuse({ key: `${site.key}.source`, value: source, problem: "has no meaning for a tmpfs", remedy: "remove it" });
  }
  return [toTmpfs(site, { destination, options }, given)];
}

function imageOf({ site, body: { source }, destination, options }: MountParts, given: Given): readonly WantedMount[] {
  const { report } = given;
  const wrong = options.filter((option) => option !== "ro" && option !== "rw");
  if (wrong.length > 0) {
    const problem = `has the mount option ${wrong.join(", ")}, which is not for an image`;
    report.refuse({ ...site, problem, remedy: "ro or rw would be right" });
  }
  if (options.includes("ro") && options.includes("rw")) {
    report.refuse({ ...site, problem: "has both ro and rw", remedy: "keep one of them" });
  }
  if (source === undefined) report.refuse({ key: `${site.key}.source`, problem: "is not set", remedy: "name the image" });
  const place = toDestination(site, destination, given);
  return [{ ...site, kind: "image", destination: place, reference: source ?? "", isWritable: options.includes("rw") }];
}

function volumeOf({ site, body, destination, options, volumeDriver }: MountParts, given: Given): WantedMount {
  const { labels = {}, driver_config: config, subpath } = body.volume_options ?? {};
  const make: VolumeMake = { driver: config?.name ?? volumeDriver, labels, options: config?.options ?? {} };
  const isPlain = make.driver === "" && Object.keys({ ...make.labels, ...make.options }).length === 0;
  const { source: name = "" } = body;
  if (name === "" && !isPlain) {
    const remedy = "a volume with a driver, labels or options needs a name";
    given.report.refuse({ key: `${site.key}.source`, problem: "is not set", remedy });
  }
  if (subpath !== undefined) checkSubpath(subpath, { key: `${site.key}.volume_options.subpath`, isNamed: name !== "" }, given);
  return toVolume(site, { name, destination, options, make: isPlain ? undefined : make, subpath }, given);
}

/** Podman says at the start only that a path leads out of the volume. */
function checkSubpath(path: string, { key, isNamed }: { readonly key: string; readonly isNamed: boolean }, { report }: Given): void {
  if (!isNamed) report.refuse({ key, value: path, problem: "is for a volume with a name, as any other is empty", remedy: "set source" });
  if (path.startsWith("/") || path.split("/").includes("..")) {
    report.refuse({
      key,
      value: path,
      problem: "is no path within the volume",
      remedy: "write it from the volume's folder, e.g. sites/blue",
    });
  }
}

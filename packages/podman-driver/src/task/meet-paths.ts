import { realpath, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { ContainerSpec, MountSpec } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import { openPath, type MountSource, type OpenedPath } from "../host/mount-table.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { isWithin, judgesBinds } from "../policy/bind-rule.ts";
import { judgeWishes } from "../policy/judge-wishes.ts";
import type { PolicyContext } from "../policy/rule.ts";
import { Report } from "../topics/report.ts";
import type { Need } from "../topics/topic.ts";

type PathNeed = Extract<Need, { readonly kind: "path" }>;

export interface PathContext extends PolicyContext {
  readonly roots: HostRoots;
}

/** What a bind must show once it is made. */
export interface ExpectedMount {
  readonly destination: string;
  readonly source: MountSource;
}

export interface MetPaths {
  /** With each judged path as it was found. */
  readonly spec: ContainerSpec;
  /** All binds of the container; undefined: the operator lets tasks bind what they like. */
  readonly expected: readonly ExpectedMount[] | undefined;
}

/**
 * Resolves paths as the kernel does, judges those that are to be judged once more, and puts what they resolve to in their place.
 * @throws DriverError with all that is missing or forbidden
 */
export async function meetPaths(needs: readonly PathNeed[], spec: ContainerSpec, context: PathContext): Promise<MetPaths> {
  const judged = needs.filter(({ isJudged }) => isJudged);
  const report = new Report();
  const real = judged.length === 0 ? context : await resolveContext(context);
  const found = new Map<string, OpenedPath>();
  for (const { wish, isJudged } of needs) {
    const opened = await lookAt(wish, { isJudged, roots: context.roots }, report);
    if (opened === undefined) continue;
    for (const refusal of judgeWishes([{ ...wish, hostPath: opened.realPath }], real)) report.refuse(refusal);
    found.set(wish.hostPath, opened);
  }
  report.throwIfAny();
  const completed = found.size === 0 ? spec : withSources(spec, found);
  const isGuarded = judgesBinds(context.policy.volumes) && judged.some(({ wish }) => wish.kind === "bind");
  if (!isGuarded) return { spec: completed, expected: undefined };
  const expected = await expectMounts(completed, [...found.values()], { ...context, realAllocDir: real.allocDir });
  return { spec: completed, expected };
}

interface Look {
  readonly isJudged: boolean;
  readonly roots: HostRoots;
}

/** Undefined: it was refused, or there is nothing to judge, and what is wrong with it is Podman's to say. */
async function lookAt(wish: PathNeed["wish"], { isJudged, roots }: Look, report: Report): Promise<OpenedPath | undefined> {
  const { key, value, hostPath } = wish;
  try {
    if (isJudged) return await openPath(roots, hostPath);
    await stat(hostPath);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      report.refuse({ key, value, problem: `needs ${hostPath}, which does not exist on the host`, remedy: toRemedy(value) });
    } else if (isJudged) {
      const problem = `needs ${hostPath}, and where that leads cannot be told (${code ?? String(error)})`;
      report.refuse({ key, value, problem, remedy: "this client judges host paths, so use one that it can look at" });
    }
    return undefined;
  }
}

function toRemedy(value: string): string {
  if (isAbsolute(value)) return "make it before the task starts";
  const remedy = "a relative source is a path in the task's folder, to be made by a template, an artifact or an earlier task";
  return `${remedy}; for a volume of Podman's write a mount block, or set volume_driver`;
}

/** A path that is not there yet allows what will be there under its own name. */
async function resolveContext({ policy, allocDir }: PolicyContext): Promise<PolicyContext> {
  const allowedPaths = await Promise.all(policy.volumes.allowedPaths.map(resolveOrSame));
  return { policy: { ...policy, volumes: { ...policy.volumes, allowedPaths } }, allocDir: await resolveOrSame(allocDir) };
}

function resolveOrSame(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function withSources(spec: ContainerSpec, found: ReadonlyMap<string, OpenedPath>): ContainerSpec {
  const { mounts, overlay_volumes: overlays, devices, rootfs } = spec;
  const resolved = (path: string): string => found.get(path)?.realPath ?? path;
  // Podman names a device inside as it names it on the host, behind all links, unless it is told another place.
  const ofDevice = ([host = "", ...others]: readonly string[]): string => [resolved(host), ...others].join(":");
  const ofMount = (mount: MountSpec): MountSpec => (mount.source === undefined ? mount : { ...mount, source: resolved(mount.source) });
  return {
    ...spec,
    ...(rootfs !== undefined && { rootfs: resolved(rootfs) }),
    ...(mounts !== undefined && { mounts: mounts.map(ofMount) }),
    ...(devices !== undefined && { devices: devices.map(({ path }) => ({ path: ofDevice(path.split(":")) })) }),
    ...(overlays !== undefined && { overlay_volumes: overlays.map((one) => ({ ...one, source: resolved(one.source) })) }),
  };
}

interface GuardContext extends PathContext {
  readonly realAllocDir: string;
}

/** The allocation's own folders count as well: a task that binds the folder they are in could put links in their place. */
async function expectMounts(spec: ContainerSpec, known: readonly OpenedPath[], context: GuardContext): Promise<readonly ExpectedMount[]> {
  const { roots, allocDir, realAllocDir } = context;
  const expect = async ({ source: path = "", destination }: MountSpec): Promise<ExpectedMount> => {
    const { realPath, source } = known.find((one) => one.realPath === path) ?? (await openPath(roots, path));
    const isInside = !isWithin(path, allocDir) || isWithin(realPath, realAllocDir);
    if (isInside && source !== undefined) return { destination, source };
    const where = isInside ? "in a file system that this client does not see" : `outside the allocation's folder: it leads to ${realPath}`;
    throw new DriverError("unsupported", `the mount of ${path} at ${destination} is ${where}`);
  };
  // Of the folders of an overlay the table of mounts says nothing.
  const root = spec.rootfs === undefined || spec.rootfs_overlay === true ? [] : [{ type: "bind", source: spec.rootfs, destination: "/" }];
  return await Promise.all([...root, ...(spec.mounts ?? [])].filter(({ type }) => type === "bind").map(expect));
}

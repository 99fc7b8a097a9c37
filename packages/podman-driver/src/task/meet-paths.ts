import { realpath } from "node:fs/promises";
import { isAbsolute } from "node:path";
import type { ContainerSpec } from "@driver/libpod";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import { judgeWishes } from "../policy/judge-wishes.ts";
import type { PolicyContext } from "../policy/rule.ts";
import { Report } from "../topics/report.ts";
import type { Need } from "../topics/topic.ts";

type PathNeed = Extract<Need, { readonly kind: "path" }>;

/**
 * Resolves paths as the kernel does, judges those that are to be judged once more, and puts what they resolve to in their place.
 * @throws DriverError with all that is missing or forbidden
 */
export async function meetPaths(needs: readonly PathNeed[], spec: ContainerSpec, { policy, allocDir }: PolicyContext): Promise<ContainerSpec> {
  const report = new Report();
  const found = new Map<string, string>();
  const real = needs.some(({ isJudged }) => isJudged) ? { policy: await resolvePolicy(policy), allocDir: await resolveOrSame(allocDir) } : undefined;
  for (const { wish, isJudged } of needs) {
    const path = await resolvePath(wish, isJudged, report);
    if (path === undefined || real === undefined || !isJudged) continue;
    for (const refusal of judgeWishes([{ ...wish, hostPath: path }], real)) report.refuse(refusal);
    found.set(wish.hostPath, path);
  }
  report.throwIfAny();
  return found.size === 0 ? spec : withSources(spec, found);
}

/** Undefined: it was refused, or is for Podman to find. */
async function resolvePath({ key, value, hostPath }: PathNeed["wish"], isJudged: boolean, report: Report): Promise<string | undefined> {
  try {
    return await realpath(hostPath);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") report.refuse({ key, value, problem: `needs ${hostPath}, which does not exist on the host`, remedy: toRemedy(value) });
    else if (isJudged) report.refuse({ key, value, problem: `needs ${hostPath}, and where that leads cannot be told (${code ?? String(error)})`, remedy: "this client judges host paths, so use one that it can look at" });
    return undefined;
  }
}

function toRemedy(value: string): string {
  if (isAbsolute(value)) return "make it before the task starts";
  return "a relative source is a path in the task's folder, to be made by a template, an artifact or an earlier task; for a volume of Podman's write a mount block, or set volume_driver";
}

/** A path that is not there yet allows what will be there under its own name. */
async function resolvePolicy(policy: OperatorPolicy): Promise<OperatorPolicy> {
  return { ...policy, volumes: { ...policy.volumes, allowedPaths: await Promise.all(policy.volumes.allowedPaths.map(resolveOrSame)) } };
}

function resolveOrSame(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

function withSources(spec: ContainerSpec, found: ReadonlyMap<string, string>): ContainerSpec {
  const { mounts, overlay_volumes: overlays, devices } = spec;
  return {
    ...spec,
    ...(mounts !== undefined && { mounts: mounts.map((mount) => ({ ...mount, ...(mount.source !== undefined && { source: found.get(mount.source) ?? mount.source }) })) }),
    ...(devices !== undefined && { devices: devices.map(({ path }) => ({ path: withHost(path, found) })) }),
    ...(overlays !== undefined && { overlay_volumes: overlays.map((overlay) => ({ ...overlay, source: found.get(overlay.source) ?? overlay.source })) }),
  };
}

/** Podman names a device inside as it names it on the host, behind all links, unless it is told another place. */
function withHost(path: string, found: ReadonlyMap<string, string>): string {
  const [host = "", ...others] = path.split(":");
  return [found.get(host) ?? host, ...others].join(":");
}

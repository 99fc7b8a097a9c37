import { realpath, stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { DriverError } from "@driver/nomad-plugin";
import { codeOf } from "@driver/std";
import { openPath, type MountSource, type OpenedPath } from "../host/mount-table.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { isWithin } from "../policy/bind-rule.ts";
import { judgeWishes } from "../policy/judge-wishes.ts";
import type { PolicyContext } from "../policy/rule.ts";
import { Report } from "../config/report.ts";
import type { HostBind, PathNeed } from "../topics/topic.ts";

export interface PathContext extends PolicyContext {
  readonly roots: HostRoots;
}

/** What a bind must show once it is made. */
export interface ExpectedMount {
  readonly destination: string;
  readonly source: MountSource;
}

export interface MetPaths {
  /** Where the judged paths lead to, by how they are written. */
  readonly paths: ReadonlyMap<string, string>;
  /** What the guarded binds must show; undefined: none are guarded. */
  readonly expected: readonly ExpectedMount[] | undefined;
}

/**
 * Resolves paths as the kernel does, and judges those that are to be judged once more. `guarded`: the binds that are looked at once they
 * are mounted.
 * @throws DriverError with all that is missing or forbidden
 */
export async function meetPaths(
  needs: readonly PathNeed[],
  guarded: readonly HostBind[] | undefined,
  context: PathContext,
): Promise<MetPaths> {
  const report = new Report();
  const real = needs.some(({ isJudged }) => isJudged) ? await resolveContext(context) : context;
  const found = new Map<string, OpenedPath>();
  for (const { wish, isJudged } of needs) {
    const opened = await lookAt(wish, { isJudged, roots: context.roots }, report);
    if (opened === undefined) continue;
    for (const refusal of judgeWishes([{ ...wish, hostPath: opened.realPath }], real)) report.refuse(refusal);
    found.set(wish.hostPath, opened);
  }
  report.throwIfAny();
  const paths = new Map([...found].map(([path, { realPath }]) => [path, realPath]));
  const expected = guarded === undefined ? undefined : await expectMounts(guarded, found, { ...context, realAllocDir: real.allocDir });
  return { paths, expected };
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
    const code = codeOf(error);
    if (code === "ENOENT") {
      report.refuse({ key, value, problem: `needs ${hostPath}, which does not exist on the host`, remedy: toRemedy(value) });
    } else if (isJudged) {
      const problem = `needs ${hostPath}, and where that leads cannot be told (${code || String(error)})`;
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

interface GuardContext extends PathContext {
  readonly realAllocDir: string;
}

/** The allocation's own folders count as well: a task that binds the folder they are in could put links in their place. */
async function expectMounts(
  binds: readonly HostBind[],
  found: ReadonlyMap<string, OpenedPath>,
  { roots, allocDir, realAllocDir }: GuardContext,
): Promise<readonly ExpectedMount[]> {
  const expect = async ({ source: written, destination }: HostBind): Promise<ExpectedMount> => {
    const path = found.get(written)?.realPath ?? written;
    const { realPath, source } = found.get(written) ?? (await openPath(roots, written));
    const isInside = !isWithin(path, allocDir) || isWithin(realPath, realAllocDir);
    if (isInside && source !== undefined) return { destination, source };
    const where = isInside ? "in a file system that this client does not see" : `outside the allocation's folder: it leads to ${realPath}`;
    throw new DriverError("unsupported", `the mount of ${path} at ${destination} is ${where}`);
  };
  return await Promise.all(binds.map(expect));
}

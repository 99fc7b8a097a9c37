import { normalize } from "node:path";
import type { NamespaceSpec } from "@driver/libpod";
import type { TaskConfig } from "@driver/nomad-plugin";
import { toContainerName } from "../container-name.ts";
import type { Report } from "../../config/report.ts";
import type { Suspect } from "../blame.ts";
import type { Need } from "../topic.ts";

/** Somebody else's namespace. */
export interface JoinedNamespace {
  readonly spec: NamespaceSpec;
  /** What an operator's policy goes by: `task:name` for a container of the own allocation, however it is written. */
  readonly mode: string;
  /** The task of the own allocation whose it is; undefined: it is nobody's, or another container's. */
  readonly taskName: string | undefined;
}

/**
 * `container:` with a name or id, `task:` with the name of another task of the allocation, `ns:` with a file. Undefined: it is none of
 * these, or it was refused.
 */
export function toJoined(
  key: string,
  text: string,
  { task, report }: { readonly task: TaskConfig; readonly report: Report },
): JoinedNamespace | undefined {
  const [, kind = "", value = ""] = /^(container|task|ns):([^]*)$/.exec(text) ?? [];
  if (kind === "") return undefined;
  if (value === "") {
    const wanted = kind === "ns" ? "the path of a namespace's file, such as ns:/run/netns/blue" : `a name, such as ${kind}:db`;
    report.refuse({ key, value: text, problem: `names no ${kind === "ns" ? "file" : kind}`, remedy: `write ${wanted}` });
    return undefined;
  }
  if (kind === "ns") return toPath(key, value, report);
  const container = kind === "task" ? toContainerName(value, task.allocId) : value;
  const sibling = toSibling(container, task);
  if (container === toContainerName(task.name, task.allocId)) {
    report.refuse({ key, value: text, problem: "is the task's own container", remedy: "name another one" });
  }
  const mode = sibling === undefined ? `container:${container}` : `task:${sibling}`;
  return { spec: { nsmode: "container", value: container }, mode, taskName: sibling };
}

/** Where a namespace of another task is asked for. */
export interface TaskNamespaceSite {
  readonly key: string;
  readonly what: string;
}

/** That other task must run first; nothing has to for any other namespace. */
export function toTaskNeeds(site: TaskNamespaceSite, { spec, taskName }: Pick<JoinedNamespace, "spec" | "taskName">): readonly Need[] {
  return taskName === undefined ? [] : [{ kind: "task-namespace", ...site, taskName, container: spec.value ?? "" }];
}

/** A namespace of another container's, or of a file; any other is passed over. */
export interface JoinSite {
  readonly key: string;
  /** What Podman calls it. */
  readonly what: RegExp;
  readonly spec: NamespaceSpec;
}

/** What Podman says where there is no such container or file, and its runtimes of a file of another kind (podman 4.3 to 5.8, runc 1.1). */
export function toJoinSuspects(sites: readonly JoinSite[]): readonly Suspect[] {
  return sites.flatMap(({ key, what, spec: { nsmode, value = "" } }): readonly Suspect[] => {
    if (nsmode === "container") {
      const words = new RegExp(`looking up container to share \\S*${what.source}`, "i");
      return [{ words, key, value: `container:${value}`, want: "which must be a container of this Podman" }];
    }
    const words = new RegExp(`cannot find specified \\S*${what.source}|get final child's PID|setns|join namespace`, "i");
    return nsmode === "path" ? [{ words, key, value: `ns:${value}`, want: "which must be the file of such a namespace" }] : [];
  });
}

/** The driver's containers are named after task and allocation, and no other task can have a name that ends in this allocation's id. */
function toSibling(container: string, { allocId }: TaskConfig): string | undefined {
  const end = `-${allocId}`;
  return container.endsWith(end) ? container.slice(0, -end.length) : undefined;
}

/** A path with `..` in it would pass for another one under an operator's globs. */
function toPath(key: string, path: string, report: Report): JoinedNamespace | undefined {
  if (path.startsWith("/") && normalize(path) === path) {
    return { spec: { nsmode: "path", value: path }, mode: `ns:${path}`, taskName: undefined };
  }
  report.refuse({
    key,
    value: `ns:${path}`,
    problem: "is no absolute path without . and ..",
    remedy: "write the whole path, such as ns:/run/netns/blue",
  });
  return undefined;
}

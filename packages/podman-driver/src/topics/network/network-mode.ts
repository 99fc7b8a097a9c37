import type { TaskConfig } from "@driver/nomad-plugin";
import { toJoined } from "../namespaces/joined-namespace.ts";
import type { Report } from "../../config/report.ts";
import { toGroupPod, type GroupPod } from "../group-pod.ts";

/** The network a task asks for. */
export type WantedNetwork =
  /**
   * The group's namespace wins over `network_mode`, as it always has with Podman tasks; `unusedMode` is what it won over, `pod`
   * what this driver has made for it.
   */
  | { readonly kind: "group"; readonly path: string; readonly unusedMode: string; readonly pod: GroupPod | undefined }
  /** That of a pod which somebody else has made. */
  | { readonly kind: "pod"; readonly pod: string }
  /** What the engine's kind and the operator make of it. */
  | { readonly kind: "default" }
  | { readonly kind: "plain"; readonly mode: "bridge" | "host" | "none" }
  /** A network stack in user space, with its own options. */
  | { readonly kind: "stack"; readonly mode: "pasta" | "slirp4netns"; readonly options: readonly string[] }
  /** That of another task of this allocation, which may not have started yet. */
  | { readonly kind: "task"; readonly taskName: string; readonly container: string }
  | { readonly kind: "container"; readonly container: string }
  | { readonly kind: "path"; readonly path: string }
  /** A network of Podman's by name. */
  | { readonly kind: "named"; readonly name: string };

/** A network, and what an operator's policy calls it. */
export interface NetworkMode {
  readonly network: WantedNetwork;
  readonly mode: string;
}

const nameRule = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const forms = "write bridge, host, none, pasta, slirp4netns, task:name, container:name, ns:path or the name of a network of Podman's";

/**
 * What the group gives, or else the task's `network_mode`; `mode` is undefined where nobody asks for a network. Of a group's
 * `mode = "host"` Nomad tells drivers nothing (nomad 2.0), a host that does is followed.
 */
export function toNetwork(
  task: TaskConfig,
  text: string | undefined,
  report: Report,
): { readonly network: WantedNetwork; readonly mode: string | undefined } {
  const { path = "", mode } = task.networkIsolation ?? {};
  if (path !== "") {
    return { network: { kind: "group", path, unusedMode: text ?? "", pod: toGroupPod(task.networkIsolation) }, mode: undefined };
  }
  if (text !== undefined) return toNetworkMode("network_mode", text, { task, report });
  return mode === "host" ? { network: { kind: "plain", mode }, mode } : { network: { kind: "default" }, mode: undefined };
}

/** `network_mode` in words. What was refused comes to the default. */
export function toNetworkMode(
  key: string,
  text: string,
  { task, report }: { readonly task: TaskConfig; readonly report: Report },
): NetworkMode {
  const plain = toPlain(text);
  if (plain !== undefined) return { network: plain, mode: text };
  if (/^(container|task|ns):/.test(text)) {
    const joined = toJoined(key, text, { task, report });
    if (joined === undefined) return { network: { kind: "default" }, mode: text };
    const {
      spec: { nsmode, value = "" },
      mode,
      taskName,
    } = joined;
    if (nsmode === "path") return { network: { kind: "path", path: value }, mode };
    return {
      network: taskName === undefined ? { kind: "container", container: value } : { kind: "task", taskName, container: value },
      mode,
    };
  }
  if (!nameRule.test(text)) report.refuse({ key, value: text, problem: "is no network", remedy: forms });
  return { network: { kind: "named", name: text }, mode: text };
}

/** A mode that names nobody else's network; undefined: it is none. */
export function toPlain(text: string): WantedNetwork | undefined {
  if (text === "bridge" || text === "host" || text === "none") return { kind: "plain", mode: text };
  const [, mode, options = ""] = /^(pasta|slirp4netns)(?::([^]*))?$/.exec(text) ?? [];
  if (mode !== "pasta" && mode !== "slirp4netns") return undefined;
  return { kind: "stack", mode, options: options.split(",").filter((option) => option !== "") };
}

/** How a task's owner would write it. */
export function describeNetwork(network: WantedNetwork): string {
  switch (network.kind) {
    case "group":
      return "the group's network";
    case "pod":
      return `pod ${JSON.stringify(network.pod)}`;
    case "default":
      return "the default network";
    case "plain":
    case "stack":
      return `network_mode "${network.mode}"`;
    case "task":
      return `network_mode "task:${network.taskName}"`;
    case "container":
      return `network_mode "container:${network.container}"`;
    case "path":
      return `network_mode "ns:${network.path}"`;
    case "named":
      return `network_mode "${network.name}"`;
  }
}

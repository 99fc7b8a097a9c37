import type { TaskConfig } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";
import type { Wish } from "../wish.ts";
import type { WantedNetwork } from "./network-mode.ts";

const key = "pod";

/** The pod that a task names, in place of all that says on which network it is. */
export function toJoinedPod(
  name: string,
  mode: string | undefined,
  { task, report }: { readonly task: TaskConfig; readonly report: Report },
): WantedNetwork {
  const refuse = (problem: string, remedy: string): void => report.refuse({ key, value: name, problem, remedy });
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) refuse("is no name of a pod", "podman pod ps shows those there are");
  if (mode !== undefined) refuse("cannot be set beside network_mode", "remove one of the two");
  if ((task.networkIsolation?.path ?? "") !== "") {
    refuse("cannot be set in a group with a network of its own", "remove the group's network mode");
  }
  return { kind: "pod", pod: name };
}

/** A pod shares these by default, and its members are whatever somebody has put into it: it is held against the rules for containers. */
export function toPodWishes(name: string): readonly Wish[] {
  const kinds = ["network", "ipc", "uts"] as const;
  return kinds.map((of) => ({ kind: "namespace", key, of, mode: `pod:${name}`, alike: [`container:${name}`] }));
}

/** What is the pod's to say. */
export function refuseOfPod(network: WantedNetwork, keys: Readonly<Record<string, boolean>>, report: Report): void {
  if (network.kind !== "pod") return;
  for (const [name, isSet] of Object.entries(keys)) {
    if (isSet) {
      report.refuse({
        key: name,
        problem: `belongs to the pod, and the task is in pod ${JSON.stringify(network.pod)}`,
        remedy: "set it where the pod is made (podman pod create)",
      });
    }
  }
}

/** Podman's words for a container's state; a word this client does not know is "unknown". */
export type ContainerStatus = "created" | "initialized" | "running" | "stopping" | "stopped" | "paused" | "exited" | "removing" | "unknown";

const statuses: readonly ContainerStatus[] = ["created", "initialized", "running", "stopping", "stopped", "paused", "exited", "removing"];

/** Podman 3 calls a created container "configured". */
export function toContainerStatus(word: string): ContainerStatus {
  if (word === "configured") return "created";
  return statuses.find((status) => status === word) ?? "unknown";
}

import type { TaskHandle } from "./task-handle.ts";

/** What is known here of a task whose network others may have joined. */
export type NetworkMember = Pick<
  TaskHandle,
  "task" | "containerId" | "networkOwnerId" | "heard" | "isRunning" | "processes" | "whenEnded" | "emit"
>;

/**
 * Has each task told once that the one has ended whose network it has joined: Podman takes down what it has made of that network, and
 * those who are left have 127.0.0.1 alone (podman 4.3 to 6.1). Called for each task that comes to be known here, whichever of the two
 * comes first; lasts until the task ends or is let go. `known`: all tasks at that moment.
 */
export function followNetworkOwner(task: NetworkMember, known: () => readonly NetworkMember[]): void {
  const tellIfEnded = (): void => {
    const owner = known().find(({ containerId }) => containerId === task.networkOwnerId);
    if (owner !== undefined && !owner.isRunning) tellOfEnd(owner, [task]);
  };
  if (task.networkOwnerId !== undefined) tellIfEnded();
  // Recovered while Podman does not answer: whose network it has joined comes to be known later, if at all.
  else void task.heard.then(tellIfEnded);
  task.whenEnded.then(
    () => tellOfEnd(task, known()),
    // It was let go, and runs on.
    () => undefined,
  );
}

function tellOfEnd(owner: NetworkMember, others: readonly NetworkMember[]): void {
  for (const other of others) {
    if (other.networkOwnerId !== owner.containerId || !other.isRunning || other.processes.isBeingEnded) continue;
    other.emit(
      `Task ${JSON.stringify(owner.task.name)}, whose network this task has joined, has ended, and the addresses and ports of that ` +
        "network with it; a task that starts again joins again",
    );
  }
}

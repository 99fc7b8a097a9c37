import type { NetworkIsolationSpec } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";

import type { DriverSession } from "./driver/driver-session.ts";
import type { PreparedAllocation } from "./prepare-allocations.ts";
import type { RunListener } from "./run-event.ts";
import type { BuiltTask } from "./lifecycle/allocation.ts";
import type { PreparedTask } from "./lifecycle/task-preparation.ts";

/** A driver that does not answer holds up the end of a run no longer than this. */
const destroyTimeoutMs = 60_000;

export interface GroupNetworkContext {
  readonly session: Pick<DriverSession, "createNetwork" | "destroyNetwork">;
  readonly on: RunListener;
  /** Breaks off the making of a network. */
  readonly signal: AbortSignal;
}

/**
 * Gives each group with `mode = "bridge"` or "none" a network of its own and tells it to its tasks, before any task starts. The driver
 * makes it, and connects the one of a bridge, since there are no CNI plugins here. Rejects when it cannot; a network that it cannot
 * remove is told as a note.
 * @param owned removes the networks
 */
export async function joinGroupNetworks(
  prepared: readonly PreparedAllocation[],
  { session, on, signal }: GroupNetworkContext,
  owned: AsyncDisposableStack,
): Promise<readonly PreparedAllocation[]> {
  const joined: PreparedAllocation[] = [];
  for (const one of prepared) {
    const { id, group, ports } = one.allocation;
    const { mode = "host" } = group.network ?? {};
    if (mode === "host") {
      joined.push(one);
      continue;
    }
    const connection = mode === "none" ? { ports: [], isLoopbackOnly: true } : { ports };
    const spec = await session.createNetwork(id, { hostname: one.hostname, connection }, signal);
    owned.defer(async () => {
      await session.destroyNetwork(id, spec, AbortSignal.timeout(destroyTimeoutMs)).catch(async (error: unknown) => {
        await on({ kind: "note", message: `the network of group ${JSON.stringify(group.name)} could not be removed: ${messageOf(error)}` });
      });
    });
    joined.push(withNetwork(one, spec));
  }
  return joined;
}

function withNetwork(one: PreparedAllocation, networkIsolation: NetworkIsolationSpec): PreparedAllocation {
  const join = (built: BuiltTask): BuiltTask => ({ ...built, config: { ...built.config, networkIsolation } });
  const joinTask = (task: PreparedTask): PreparedTask => ({
    ...task,
    built: join(task.built),
    rebuild: async (state) => join(await task.rebuild(state)),
  });
  const tasks = new Map([...one.tasks].map(([task, prepared]) => [task, joinTask(prepared)]));
  return { ...one, tasks, allocAddress: networkIsolation.hosts?.address };
}

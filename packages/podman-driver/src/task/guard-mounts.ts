import { DriverError } from "@driver/nomad-plugin";
import { parseMountTable } from "../host/mount-table.ts";
import { readKernelFile } from "../host/proc-files.ts";
import type { ExpectedMount } from "./meet-paths.ts";
import type { Start } from "./start-request.ts";

/**
 * Has Podman make a container's mounts without starting its program, and looks whether they are of what was judged: a task with a
 * hand in the folder could have put a link in its place meanwhile.
 * @throws DriverError when a mount is another one; the container must not be started then
 */
export async function guardMounts(start: Start, containerId: string, expected: readonly ExpectedMount[]): Promise<void> {
  const { engine, services, inStep, look, signal } = start;
  const name = containerId.slice(0, 12);
  await inStep(`make the mounts of container ${name}`, () => engine.client.containers.init(containerId, signal));
  const made = await look(containerId);
  const table =
    made === undefined || made.state.pid === 0 ? undefined : readKernelFile(`${services.roots.procDir}/${made.state.pid}/mountinfo`);
  if (table === undefined) {
    throw new DriverError(
      "unsupported",
      `this client judges host paths, and cannot see the mounts of container ${name}: the task is not run`,
    );
  }
  const exchanged = findExchanged(table, expected);
  if (exchanged.length === 0) return;
  const text = "what is mounted there is not what was judged a moment ago; somebody has changed the path meanwhile";
  throw new DriverError("unsupported", `${exchanged.join(", ")}: ${text}: the task is not run`);
}

/** The destinations for which a mount table has none of what is expected. Each mount counts for one of them. */
export function findExchanged(mountinfo: string, expected: readonly ExpectedMount[]): readonly string[] {
  const toKey = ({ device, root }: ExpectedMount["source"]): string => `${device} ${root}`;
  const left = new Map<string, number>();
  for (const line of parseMountTable(mountinfo)) left.set(toKey(line), (left.get(toKey(line)) ?? 0) + 1);
  return expected.flatMap(({ destination, source }) => {
    const count = left.get(toKey(source)) ?? 0;
    left.set(toKey(source), count - 1);
    return count > 0 ? [] : [destination];
  });
}

import type { TaskGroup } from "../../job/job.ts";
import { RunError } from "../run-error.ts";

/**
 * Gives the tasks that ask for `cores` their own ones, from core 0 upwards, and returns the cpuset list of each task
 * by name. `firstCore` is the first core that is still free; rejects with `job-invalid` when they do not suffice.
 */
export function planCores(
  group: TaskGroup,
  options: { readonly firstCore: number; readonly coreCount: number },
): ReadonlyMap<string, string> {
  const cpusets = new Map<string, string>();
  let next = options.firstCore;
  for (const task of group.tasks) {
    const count = task.resources.cores ?? 0;
    if (count === 0) continue;
    if (next + count > options.coreCount) {
      const left = `only ${options.coreCount - next} of ${options.coreCount} are left`;
      const message = `task ${JSON.stringify(task.name)} asks for ${count} core(s), but ${left}`;
      throw new RunError("job-invalid", message, { position: task.position });
    }
    cpusets.set(task.name, Array.from({ length: count }, (_, index) => next + index).join(","));
    next += count;
  }
  return cpusets;
}

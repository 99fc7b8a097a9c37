import type { JobNote, TaskGroup } from "./job.ts";

/** What is told of groups that have nothing for the others to be started or stopped by. */
export function noteGroups(groups: readonly TaskGroup[]): readonly JobNote[] {
  return groups.flatMap(({ name, tasks, position }) => {
    if (tasks.length === 0 || tasks.some(({ lifecycle }) => lifecycle === undefined)) return [];
    const hasWork = tasks.some(({ lifecycle }) => lifecycle?.sidecar === false && lifecycle.hook !== "poststop");
    const isIdle = !hasWork && tasks.some(({ lifecycle }) => lifecycle?.sidecar === true);
    const message = `group ${JSON.stringify(name)}: has no main task${isIdle ? ", so its sidecars do not start" : ""}`;
    return [{ message: `${message}; Nomad takes that up to version 2.0.5 only`, position }];
  });
}

import type { Task, TaskGroup } from "../../job/job.ts";
import { RunError } from "../run-error.ts";

/** The tasks of a group by the part they play, each list in the order of the job file. */
export interface LifecyclePlan {
  /** Must end with success before `main` starts. */
  readonly prestart: readonly Task[];
  /** Start with `prestart`, run beside `main`, and are stopped after it. */
  readonly sidecars: readonly Task[];
  /** The group is done when these are. */
  readonly main: readonly Task[];
  /** Its end stops the rest of `main`. */
  readonly leader: Task | undefined;
}

/** Sorts the tasks of a group by their `lifecycle` block; rejects with `job-unsupported` or `job-invalid`. */
export function planLifecycle(group: TaskGroup): LifecyclePlan {
  const unsupported = group.tasks.find(({ lifecycle }) => lifecycle !== undefined && lifecycle.hook !== "prestart");
  if (unsupported !== undefined) {
    const hook = unsupported.lifecycle?.hook;
    throw new RunError(
      "job-unsupported",
      `task ${JSON.stringify(unsupported.name)}: lifecycle hook "${hook}" is not supported by \`run\` yet; only "prestart" is`,
      {
        position: unsupported.position,
      },
    );
  }
  const main = group.tasks.filter(({ lifecycle }) => lifecycle === undefined);
  if (main.length === 0) {
    throw new RunError(
      "job-invalid",
      `group ${JSON.stringify(group.name)} has no main task: at least one task must be without a lifecycle block`,
      {
        position: group.position,
      },
    );
  }
  const leaders = group.tasks.filter(({ leader }) => leader);
  const [leader, second] = leaders;
  if (second !== undefined || (leader !== undefined && !main.includes(leader))) {
    throw new RunError("job-invalid", `group ${JSON.stringify(group.name)}: only one task can be the leader, and it must be a main task`, {
      position: (second ?? leader)?.position,
    });
  }
  return {
    prestart: group.tasks.filter(({ lifecycle }) => lifecycle?.sidecar === false),
    sidecars: group.tasks.filter(({ lifecycle }) => lifecycle?.sidecar === true),
    main,
    leader,
  };
}

/**
 * In which order running tasks are stopped (`nomad`: leader first and alone, then the other main and prestart tasks
 * together, the sidecars last). Each inner list is stopped at the same time.
 */
export function planStop(plan: LifecyclePlan): readonly (readonly Task[])[] {
  const leader = plan.leader === undefined ? [] : [plan.leader];
  const others = [...plan.prestart, ...plan.main].filter((task) => task !== plan.leader);
  return [leader, others, plan.sidecars].filter((tasks) => tasks.length > 0);
}

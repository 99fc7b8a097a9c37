import type { Task, TaskGroup } from "../../job/job.ts";

/** The tasks of a group by the part they play, each list in the order of the job file. */
export interface LifecyclePlan {
  /** Must end with success before `main` starts. */
  readonly prestart: readonly Task[];
  /** Start with `prestart`, run beside `main`, and are stopped after it. */
  readonly prestartSidecars: readonly Task[];
  readonly main: readonly Task[];
  /** Start when all of `main` runs; the group is done when these and `main` are. */
  readonly poststart: readonly Task[];
  /** Start with `poststart`, and are stopped with the other sidecars. */
  readonly poststartSidecars: readonly Task[];
  /** Start when everything else has ended, however that went. */
  readonly poststop: readonly Task[];
  /** Its end stops the rest, whatever its part is (`nomad`). */
  readonly leader: Task | undefined;
}

/** The part that one task plays. */
export type TaskRole = "prestart" | "sidecar" | "main" | "poststart" | "poststop";

/** Sorts the tasks of a group by their `lifecycle` block. */
export function planLifecycle(group: TaskGroup): LifecyclePlan {
  const hooked = (hook: string, sidecar: boolean): readonly Task[] =>
    group.tasks.filter(({ lifecycle }) => lifecycle?.hook === hook && lifecycle.sidecar === sidecar);
  return {
    prestart: hooked("prestart", false),
    prestartSidecars: hooked("prestart", true),
    main: group.tasks.filter(({ lifecycle }) => lifecycle === undefined),
    poststart: hooked("poststart", false),
    poststartSidecars: hooked("poststart", true),
    poststop: hooked("poststop", false),
    leader: group.tasks.find((task) => task.leader),
  };
}

/** The part of a task by its `lifecycle` block. */
export function roleOf({ lifecycle }: Task): TaskRole {
  if (lifecycle === undefined) return "main";
  return lifecycle.sidecar ? "sidecar" : lifecycle.hook;
}

/**
 * In which order running tasks are stopped (`nomad`: leader first and alone, then the others together, the sidecars
 * last). Each inner list is stopped at the same time. Poststop tasks are not among them: they come afterwards.
 */
export function planStop(plan: LifecyclePlan): readonly (readonly Task[])[] {
  const leader = plan.leader === undefined ? [] : [plan.leader];
  const isOther = (task: Task) => task !== plan.leader;
  const others = [...plan.prestart, ...plan.main, ...plan.poststart].filter(isOther);
  const sidecars = [...plan.prestartSidecars, ...plan.poststartSidecars].filter(isOther);
  return [leader, others, sidecars].filter((tasks) => tasks.length > 0);
}

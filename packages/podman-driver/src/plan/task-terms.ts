import type { LogRoute } from "../config/log-route.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { toHealthCheckTimes, type HealthCheckTimes } from "../topics/health/health-topic.ts";
import { toMemoryLimit } from "../topics/limits/limits-topic.ts";
import type { WantedTask } from "../topics/topics.ts";

/** What holds for a task's container as long as it is there; kept with the task's state. */
export interface TaskTerms {
  /** The way of its output. */
  readonly logRoute: LogRoute;
  /** Undefined: the task has no health check of its own. */
  readonly healthCheck: HealthCheckTimes | undefined;
  /** Undefined: none. */
  readonly memoryLimitBytes: number | undefined;
}

/** What those who watch a task are to know of what it wanted. Pure. */
export function toTaskTerms({ logging, health, limits }: WantedTask, facts: EngineFacts): TaskTerms {
  return { logRoute: logging, healthCheck: toHealthCheckTimes(health, facts), memoryLimitBytes: toMemoryLimit(limits, facts) };
}

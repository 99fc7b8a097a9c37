/** The way from a task's config to its container's plan, for those who measure it. */
export type { EngineFacts } from "../engine/engine-facts.ts";
export { noSettings } from "./check-task-config.ts";
export { completeSpec } from "./complete-spec.ts";
export { planContainer } from "./container-plan.ts";
export { wantTask } from "./want-task.ts";

export { checkPluginConfig } from "./config/check-plugin-config.ts";
export type { ConfigFindings, ConfigRemark } from "./config/config-findings.ts";
export { checkTaskConfig } from "./plan/check-task-config.ts";
export { readPullStatus, type PullStatus } from "./image/pull-status.ts";
export { pluginSchema, type PluginOptions } from "./config/plugin-schema.ts";
export { taskSchema } from "./plan/task-schema.ts";

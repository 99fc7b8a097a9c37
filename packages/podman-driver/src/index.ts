export { PodmanDriver, type PodmanDriverOptions } from "./driver.ts";
export { checkTaskConfig, type ConfigProblem } from "./plan/check-task-config.ts";
export { pluginSchema, type PluginOptions } from "./config/plugin-schema.ts";
export { taskSchema, type TaskOptions } from "./config/task-schema.ts";
export { pluginKeySupport, taskKeySupport, type KeySupport } from "./config/key-support.ts";

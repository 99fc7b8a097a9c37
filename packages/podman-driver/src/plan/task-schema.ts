import { configSchema, type Infer } from "@driver/nomad-plugin";
import { taskFields } from "../topics/topics.ts";

/** What a job sets in a task's `config` block. */
export const taskSchema = configSchema(taskFields, { title: "task config", whenEmpty: "error" });

/** The raw options; they go no further than `wantTask`. */
export type TaskOptions = Infer<typeof taskSchema>;

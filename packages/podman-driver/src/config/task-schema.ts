import { configSchema, type Infer } from "@driver/nomad-plugin";
import { imageFields } from "./image-fields.ts";
import { networkFields } from "./network-fields.ts";
import { processFields } from "./process-fields.ts";
import { resourceFields } from "./resource-fields.ts";
import { securityFields } from "./security-fields.ts";
import { storageFields } from "./storage-fields.ts";

/** What a job sets in a task's `config` block. */
export const taskSchema = configSchema(
  { ...imageFields, ...processFields, ...storageFields, ...resourceFields, ...securityFields, ...networkFields },
  { title: "task config", whenEmpty: "error" },
);

export type TaskOptions = Infer<typeof taskSchema>;

/** @throws DriverError `config-invalid` that names key, value and what would be right. */
export function decodeTaskOptions(msgpack: Uint8Array): TaskOptions {
  return taskSchema.decode(msgpack);
}

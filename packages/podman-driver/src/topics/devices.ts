import { attr } from "@driver/nomad-plugin";
import { topic } from "./topic.ts";

/** Devices of the host: those that Nomad's device plugins assign, and the task's own. */
export const devicesTopic = topic({
  fields: { devices: attr.list("string", { notYet: true, help: "Devices as host[:container][:permissions], or CDI names." }) },
  want: (_options, { task }) => task.devices.map(({ hostPath, taskPath, cgroupPermissions }) => ({ path: `${hostPath}:${taskPath}:${cgroupPermissions}` })),
  plan: (devices) => ({ spec: devices.length > 0 ? { devices } : {} }),
});

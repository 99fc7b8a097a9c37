import type { Device, TaskConfig } from "@driver/nomad-plugin";

type Assigned = Pick<TaskConfig, "devices" | "deviceEnv">;

/** Podman's strings for the devices that Nomad's device plugins have assigned to a task. */
export function toPluginDevices(task: Assigned, cdiKinds: Readonly<Record<string, string>>): readonly string[] {
  return [...task.devices.map(toDeviceText), ...toCdiNames(task.deviceEnv, cdiKinds)];
}

/** What a plugin leaves out is as in its host's namesake: the place, and all permissions. */
function toDeviceText({ hostPath, taskPath, cgroupPermissions }: Device): string {
  return [hostPath, taskPath || hostPath, ...(cgroupPermissions === "" ? [] : [cgroupPermissions])].join(":");
}

/** Words of NVIDIA's container toolkit for no device at all. */
const noDevices = ["", "none", "void"];

/**
 * Some plugins, NVIDIA's first of all, assign devices by a variable alone, such as `NVIDIA_VISIBLE_DEVICES=GPU-1,GPU-2`, and leave
 * it to the runtime to find them. Podman's runtimes find CDI names.
 */
function toCdiNames(deviceEnv: Readonly<Record<string, string>>, cdiKinds: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(cdiKinds).flatMap(([variable, kind]) => {
    const names = (Object.hasOwn(deviceEnv, variable) ? deviceEnv[variable] : undefined)?.split(",").map((name) => name.trim()) ?? [];
    return names.filter((name) => !noDevices.includes(name)).map((name) => `${kind}=${name}`);
  });
}

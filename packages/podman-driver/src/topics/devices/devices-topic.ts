import { attr } from "@driver/nomad-plugin";
import { isAtLeast } from "../../engine/engine-facts.ts";
import { topic } from "../topic.ts";
import { whereTo, type Met } from "../met.ts";
import { parseDevices } from "./parse-device.ts";
import { toPluginDevices } from "./plugin-devices.ts";

/** Devices of the host: those that Nomad's device plugins assign, and the task's own. */
export const devicesTopic = topic({
  fields: {
    devices: attr.any({
      help: "Devices as host[:container][:permissions], CDI names, or blocks of host_path, container_path and cgroup_permissions.",
    }),
  },
  want: ({ devices }, given) => ({
    assigned: toPluginDevices(given.task, given.settings.deviceCdiKinds),
    asked: parseDevices(devices, given),
    isPrivileged: given.isPrivileged,
  }),
  plan: ({ assigned, asked, isPrivileged }, { facts }) => {
    const devices = [...assigned, ...asked.map(({ path }) => path)];
    // Podman 4.3 gives a privileged container all devices under the host's names and looks at no list; 5.4 does both.
    const lost = isPrivileged && !isAtLeast(facts, [5, 0]) ? asked.filter(({ isMoved }) => isMoved) : [];
    const why = `Podman ${facts.version} gives a privileged task all devices under their names on the host`;
    const notices = lost.map(({ key, path }) => `config key ${key}: "${path}" has no effect: ${why}`);
    return {
      given: (met) => (devices.length > 0 ? { devices: devices.map((device) => atItsPlace(device, met)) } : {}),
      notices,
      needs: asked.flatMap(({ need }) => need ?? []),
    };
  },
});

/** Podman names a device inside as it names it on the host, behind all links, unless it is told another place. */
function atItsPlace(device: string, met: Met): { readonly path: string } {
  const [host = "", ...others] = device.split(":");
  return { path: [whereTo(host, met), ...others].join(":") };
}

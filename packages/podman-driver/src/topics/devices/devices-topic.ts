import { attr } from "@driver/nomad-plugin";
import { isAtLeast } from "../../engine/engine-facts.ts";
import { blame, type Suspect } from "../blame.ts";
import { topic } from "../topic.ts";
import { whereTo, type Met } from "../met.ts";
import { parseDevices, type WantedDevice } from "./parse-device.ts";
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
      explain: (podmanText) => blame(podmanText, toSuspects(asked)),
    };
  },
});

/** Of a CDI name without a spec Podman says that, or 4.3 that it has counted wrong; of a path, what is not there. */
function toSuspects(asked: readonly WantedDevice[]): readonly Suspect[] {
  const names = asked.filter(({ need }) => need === undefined).map(({ path }) => path);
  const want = "which must be names of specs in /etc/cdi or /var/run/cdi, as nvidia-ctk cdi list shows NVIDIA's";
  return [
    ...(names.length === 0 ? [] : [{ words: /unresolvable CDI devices|slice bounds out of range/, key: "devices", value: names, want }]),
    ...asked.flatMap(({ key, need }) =>
      need === undefined
        ? []
        : [{ words: toMissing(need.path), key, value: need.value, want: "which must be there on the host of the Podman service" }],
    ),
  ];
}

function toMissing(path: string): Suspect["words"] {
  return { test: (text) => text.includes(`stat ${path}: no such file`) };
}

/** Podman names a device inside as it names it on the host, behind all links, unless it is told another place. */
function atItsPlace(device: string, met: Met): { readonly path: string } {
  const [host = "", ...others] = device.split(":");
  return { path: [whereTo(host, met), ...others].join(":") };
}

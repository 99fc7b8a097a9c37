import { key, noted, refused } from "./job-key.ts";
import { block, durationMs, integer, map, string, strings } from "./key-kinds.ts";
import { clusterKeys, noConsul, noScaling, noServer, noServices, noVault } from "./reasons.ts";
import { restartKeys, taskKeys } from "./task-keys.ts";

const maxPort = 65_535;

export const portKeys = {
  static: key(integer({ min: 0, max: maxPort }), "Value"),
  to: key(integer({ min: -1, max: maxPort }), "To"),
  host_network: key(string, "HostNetwork"),
  ignore_collision: noted("IgnoreCollision", "port ignore_collision: has no effect here"),
};

const otherAddress = "other addresses than the host's default one need a Nomad client";

export const networkKeys = {
  mode: key(string, "Mode"),
  port: key(block(portKeys, { label: "Label", isRepeated: true }), ["DynamicPorts", "ReservedPorts"]),
  dns: key(block({ servers: key(strings, "Servers"), searches: key(strings, "Searches"), options: key(strings, "Options") }), "DNS"),
  mbits: noted("MBits", "network mbits: has no effect"),
  hostname: refused("Hostname", "set hostname in the task's config"),
  cni: refused("CNI", "CNI arguments are not available here"),
  device: refused("Device", otherAddress),
  cidr: refused("CIDR", otherAddress),
  ip: refused("IP", otherAddress),
  reserved_ports: refused([], "use a port block with static"),
};

const notLimited = "disk space is not limited here";
const notKept = "the allocation's folder is removed at the end of the run";

const ephemeralDiskKeys = {
  size: noted("SizeMB", `ephemeral_disk size: has no effect, ${notLimited}`),
  sticky: noted("Sticky", `ephemeral_disk sticky: has no effect, ${notKept}`),
  migrate: noted("Migrate", `ephemeral_disk migrate: has no effect, ${notKept}`),
};

export const groupKeys = {
  count: key(integer({ min: 0 }), "Count", { isSaidWhenZero: true }),
  shutdown_delay: key(durationMs, "ShutdownDelay"),
  network: key(block(networkKeys), "Networks"),
  task: key(block(taskKeys, { label: "Name", isRepeated: true }), "Tasks"),
  restart: key(block(restartKeys), "RestartPolicy"),
  meta: key(map, "Meta"),
  ephemeral_disk: key(block(ephemeralDiskKeys), "EphemeralDisk"),
  ...clusterKeys("ReschedulePolicy"),
  service: noted("Services", noServices),
  scaling: noted("Scaling", noScaling),
  disconnect: noted("Disconnect", `disconnect: has no effect, ${noServer}`),
  stop_after_client_disconnect: noted("StopAfterClientDisconnect", `stop_after_client_disconnect: has no effect, ${noServer}`),
  max_client_disconnect: noted("MaxClientDisconnect", `max_client_disconnect: has no effect, ${noServer}`),
  prevent_reschedule_on_lost: noted("PreventRescheduleOnLost", `prevent_reschedule_on_lost: has no effect, ${noServer}`),
  volume: refused("Volumes", "volumes need a Nomad client"),
  consul: refused("Consul", noConsul),
  vault: refused([], noVault),
  max_run_duration: refused("MaxRunDuration", "time limits are not available here"),
};

import { key, noted, refused } from "./job-key.ts";
import { block, bool, durationMs, flag, integer, map, notNull, strings, text } from "./key-kinds.ts";
import { noConsul, noSecrets, noVault } from "./reasons.ts";
import { clusterKeys, groupScaling, lossKeys } from "./rollout-keys.ts";
import { serviceKey } from "./service-keys.ts";
import { restartKeys, taskKeys } from "./task-keys.ts";
import { volumeKeys } from "./volume-keys.ts";

const maxPort = 65_535;

export const portKeys = {
  static: key(notNull(integer({ max: maxPort })), "Value"),
  to: key(notNull(integer({ min: -1, max: maxPort })), "To"),
  host_network: key(text, "HostNetwork"),
  ignore_collision: key(flag, "IgnoreCollision"),
};

const otherAddress = "other addresses than the host's default one need a Nomad client";

export const networkKeys = {
  mode: key(text, "Mode"),
  port: key(block(portKeys, { label: "Label", isRepeated: true }), ["DynamicPorts", "ReservedPorts"]),
  dns: key(block({ servers: key(strings, "Servers"), searches: key(strings, "Searches"), options: key(strings, "Options") }), "DNS"),
  mbits: noted(integer({ min: 0 }), "MBits", "network mbits: has no effect"),
  hostname: key(text, "Hostname"),
  cni: refused("CNI", "CNI arguments are not available here"),
  device: refused("Device", otherAddress),
  cidr: refused("CIDR", otherAddress),
  ip: refused("IP", otherAddress),
  reserved_ports: refused([], "use a port block with static"),
};

const notLimited = "disk space is not limited here";
const notKept = "the allocation's folder is removed at the end of the run";

const ephemeralDiskKeys = {
  size: noted(integer({ min: 10 }), "SizeMB", `ephemeral_disk size: has no effect, ${notLimited}`),
  sticky: noted(bool, "Sticky", `ephemeral_disk sticky: has no effect, ${notKept}`),
  migrate: noted(bool, "Migrate", `ephemeral_disk migrate: has no effect, ${notKept}`),
};

export const groupKeys = {
  count: key(integer({ min: 0 }), "Count"),
  shutdown_delay: key(durationMs, "ShutdownDelay"),
  network: key(block(networkKeys, { isRepeated: true }), "Networks"),
  task: key(block(taskKeys, { label: "Name", isRepeated: true }), "Tasks"),
  restart: key(block(restartKeys), "RestartPolicy"),
  meta: key(map, "Meta"),
  ephemeral_disk: key(block(ephemeralDiskKeys), "EphemeralDisk"),
  ...clusterKeys("ReschedulePolicy"),
  ...lossKeys,
  service: serviceKey,
  scaling: groupScaling,
  volume: key(block(volumeKeys, { label: "Name", isRepeated: true, isJsonMap: true }), "Volumes"),
  consul: refused("Consul", noConsul),
  vault: refused([], noVault),
  secret: refused([], noSecrets),
  max_run_duration: refused("MaxRunDuration", "time limits are not available here"),
};

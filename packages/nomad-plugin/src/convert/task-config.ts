import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskConfig as ConfigMessage, TaskConfigSchema } from "../gen/driver_types_pb.ts";
import type { TaskConfig } from "../task-driver.ts";
import { fromIsolationMessage, toIsolationMessage } from "./network.ts";
import { fromResourcesMessage, toResourcesMessage } from "./resources.ts";

/** One start of a task as its message. */
export function toTaskConfigMessage(config: TaskConfig): MessageInitShape<typeof TaskConfigSchema> {
  const { dns, networkIsolation } = config;
  return {
    id: config.id,
    name: config.name,
    allocId: config.allocId,
    jobName: config.jobName,
    jobId: config.jobId,
    taskGroupName: config.taskGroupName,
    namespace: config.namespace,
    nodeName: config.nodeName,
    nodeId: config.nodeId,
    parentJobId: config.parentJobId,
    user: config.user,
    allocDir: config.allocDir,
    stdoutPath: config.stdoutPath,
    stderrPath: config.stderrPath,
    env: { ...config.env },
    deviceEnv: { ...config.deviceEnv },
    msgpackDriverConfig: config.driverConfig,
    resources: toResourcesMessage(config.resources),
    mounts: config.mounts.map((mount) => ({ ...mount })),
    devices: config.devices.map((device) => ({ ...device })),
    ...(dns && { dns: { servers: [...dns.servers], searches: [...dns.searches], options: [...dns.options] } }),
    ...(networkIsolation && { networkIsolationSpec: toIsolationMessage(networkIsolation) }),
  };
}

/** One start of a task from its message. What the agent left out is empty or 0. */
export function fromTaskConfigMessage(message: ConfigMessage): TaskConfig {
  const { dns, networkIsolationSpec: isolation } = message;
  return {
    id: message.id,
    name: message.name,
    allocId: message.allocId,
    jobName: message.jobName,
    jobId: message.jobId,
    taskGroupName: message.taskGroupName,
    namespace: message.namespace,
    nodeName: message.nodeName,
    nodeId: message.nodeId,
    parentJobId: message.parentJobId,
    user: message.user,
    allocDir: message.allocDir,
    stdoutPath: message.stdoutPath,
    stderrPath: message.stderrPath,
    env: message.env,
    deviceEnv: message.deviceEnv,
    driverConfig: message.msgpackDriverConfig,
    resources: fromResourcesMessage(message.resources),
    mounts: message.mounts.map(({ taskPath, hostPath, readonly, propagationMode, selinuxLabel, requestName }) => ({
      taskPath,
      hostPath,
      readonly,
      propagationMode,
      selinuxLabel,
      requestName,
    })),
    devices: message.devices.map(({ taskPath, hostPath, cgroupPermissions }) => ({ taskPath, hostPath, cgroupPermissions })),
    dns: dns && { servers: dns.servers, searches: dns.searches, options: dns.options },
    networkIsolation: isolation && fromIsolationMessage(isolation),
  };
}

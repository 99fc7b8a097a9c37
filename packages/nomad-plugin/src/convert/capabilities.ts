import type { MessageInitShape } from "@bufbuild/protobuf";
import { DriverCapabilities_MountConfigs as MountConfigs } from "../gen/driver_types_forms.ts";
import type { DriverCapabilities as CapabilitiesMessage, DriverCapabilitiesSchema } from "../gen/driver_types_pb.ts";
import type { DriverCapabilities } from "../task-driver.ts";
import { fsIsolations, networkIsolationModes } from "./driver-enums.ts";

/** Capabilities as their message. */
export function toCapabilitiesMessage(capabilities: DriverCapabilities): MessageInitShape<typeof DriverCapabilitiesSchema> {
  return {
    sendSignals: capabilities.sendSignals,
    exec: capabilities.exec,
    fsIsolation: fsIsolations.toNumber(capabilities.fsIsolation),
    networkIsolationModes: capabilities.networkIsolationModes.map((mode) => networkIsolationModes.toNumber(mode)),
    mustCreateNetwork: capabilities.mustCreateNetwork,
    mountConfigs: capabilities.acceptsMounts ? MountConfigs.ANY_MOUNTS : MountConfigs.NO_MOUNTS,
    disableLogCollection: capabilities.disableLogCollection,
    dynamicWorkloadUsers: capabilities.dynamicWorkloadUsers,
  };
}

/** Capabilities from their message. */
export function fromCapabilitiesMessage(message: CapabilitiesMessage): DriverCapabilities {
  return {
    sendSignals: message.sendSignals,
    exec: message.exec,
    fsIsolation: fsIsolations.fromNumber(message.fsIsolation),
    networkIsolationModes: message.networkIsolationModes.map((mode) => networkIsolationModes.fromNumber(mode)),
    mustCreateNetwork: message.mustCreateNetwork,
    acceptsMounts: message.mountConfigs !== MountConfigs.NO_MOUNTS,
    disableLogCollection: message.disableLogCollection,
    dynamicWorkloadUsers: message.dynamicWorkloadUsers,
  };
}

import {
  DriverCapabilities_FSIsolation as FsIsolationNumber,
  NetworkIsolationSpec_NetworkIsolationMode as ModeNumber,
  TaskState as TaskStateNumber,
} from "../gen/driver_types_pb.ts";
import { FingerprintResponse_HealthState as HealthNumber } from "../gen/driver_pb.ts";
import { PluginType as PluginTypeNumber } from "../gen/base_pb.ts";

/** Words of the driver interface and their numbers on the wire. */
export interface EnumNames<Name extends string, Value extends number> {
  toNumber(name: Name): Value;
  /** The first of the names for a number that this version does not know. */
  fromNumber(value: number): Name;
}

function enumNames<const Name extends string, Value extends number>(
  pairs: readonly [readonly [Name, Value], ...(readonly [Name, Value])[]],
): EnumNames<Name, Value> {
  return {
    toNumber: (name) => (pairs.find(([known]) => known === name) ?? pairs[0])[1],
    fromNumber: (value) => (pairs.find(([, known]) => known === value) ?? pairs[0])[0],
  };
}

export const pluginTypes = enumNames([
  ["unknown", PluginTypeNumber.UNKNOWN],
  ["driver", PluginTypeNumber.DRIVER],
  ["device", PluginTypeNumber.DEVICE],
]);

export const fsIsolations = enumNames([
  ["none", FsIsolationNumber.NONE],
  ["chroot", FsIsolationNumber.CHROOT],
  ["image", FsIsolationNumber.IMAGE],
  ["unveil", FsIsolationNumber.UNVEIL],
]);

export const networkIsolationModes = enumNames([
  ["host", ModeNumber.HOST],
  ["group", ModeNumber.GROUP],
  ["task", ModeNumber.TASK],
  ["none", ModeNumber.NONE],
]);

export const taskStates = enumNames([
  ["unknown", TaskStateNumber.UNKNOWN],
  ["running", TaskStateNumber.RUNNING],
  ["exited", TaskStateNumber.EXITED],
]);

export const healthStates = enumNames([
  ["undetected", HealthNumber.UNDETECTED],
  ["unhealthy", HealthNumber.UNHEALTHY],
  ["healthy", HealthNumber.HEALTHY],
]);

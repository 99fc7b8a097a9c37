import {
  DriverCapabilities_FSIsolation as FsIsolationNumber,
  NetworkIsolationSpec_NetworkIsolationMode as ModeNumber,
  TaskState as TaskStateNumber,
} from "../gen/driver_types_forms.ts";
import { FingerprintResponse_HealthState as HealthNumber } from "../gen/driver_forms.ts";
import { enumNames } from "./enum-names.ts";

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

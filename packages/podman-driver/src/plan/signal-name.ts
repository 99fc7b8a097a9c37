import { DriverError, toSignalNumber } from "@driver/nomad-plugin";

/**
 * Signal number for a name with or without `SIG`, in any case, or a number. Nomad passes on what the job or the
 * operator wrote (`alloc signal -s USR1` sends `USR1`), and validation is the driver's.
 */
export function parseSignal(text: string): number {
  const number = toSignalNumber(text);
  if (number !== undefined) return number;
  throw new DriverError("config-invalid", `unknown signal "${text}": give a name such as SIGTERM or TERM, or a number from 1 to 64`);
}

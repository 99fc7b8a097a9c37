import { constants } from "node:os";
import { DriverError } from "@driver/nomad-plugin";

const signals = new Map<string, number>(Object.entries(constants.signals));

/**
 * Signal number for a name with or without `SIG`, in any case, or a number. Nomad passes on what the job or the
 * operator wrote (`alloc signal -s USR1` sends `USR1`), and validation is the driver's.
 */
export function parseSignal(text: string): number {
  const trimmed = text.trim();
  const named = signals.get(`SIG${trimmed.toUpperCase().replace(/^SIG/, "")}`);
  if (named !== undefined) return named;
  const number = /^\d{1,2}$/.test(trimmed) ? Number(trimmed) : 0;
  if (number >= 1 && number <= 64) return number;
  throw new DriverError("config-invalid", `unknown signal "${text}": give a name such as SIGTERM or TERM, or a number from 1 to 64`);
}

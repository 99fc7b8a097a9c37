import { constants } from "node:os";
import { DriverError } from "@driver/nomad-plugin";

const signals = new Map<string, number>(Object.entries(constants.signals));
const firstRealTime = 34;
const lastRealTime = 64;

/**
 * Signal number for a name with or without `SIG`, in any case, or a number. Nomad passes on what the job or the
 * operator wrote (`alloc signal -s USR1` sends `USR1`), and validation is the driver's. Images of systemd stop on
 * `SIGRTMIN+3`: real-time signals count from 34, as they do for a C library.
 */
export function parseSignal(text: string): number {
  const trimmed = text.trim();
  const named = signals.get(`SIG${trimmed.toUpperCase().replace(/^SIG/, "")}`);
  if (named !== undefined) return named;
  const realTime = parseRealTime(trimmed);
  if (realTime !== undefined) return realTime;
  const number = /^\d{1,2}$/.test(trimmed) ? Number(trimmed) : 0;
  if (number >= 1 && number <= 64) return number;
  throw new DriverError("config-invalid", `unknown signal "${text}": give a name such as SIGTERM or TERM, or a number from 1 to 64`);
}

function parseRealTime(text: string): number | undefined {
  const [, base, sign, offset] = /^(?:SIG)?RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/i.exec(text) ?? [];
  if (base === undefined) return undefined;
  const start = base.toUpperCase() === "MIN" ? firstRealTime : lastRealTime;
  const number = start + Number(`${sign ?? "+"}${offset ?? 0}`);
  return number >= firstRealTime && number <= lastRealTime ? number : undefined;
}

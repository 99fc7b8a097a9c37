import { constants } from "node:os";

const signals = new Map<string, number>(Object.entries(constants.signals));
const firstRealTime = 34;
const lastRealTime = 64;

/**
 * Signal number for a name with or without `SIG`, in any case, or a number from 1 to 64; undefined for anything else.
 * Images of systemd stop on `SIGRTMIN+3`: real-time signals count from 34, as they do for a C library.
 */
export function toSignalNumber(text: string): number | undefined {
  const trimmed = text.trim();
  const named = signals.get(`SIG${trimmed.toUpperCase().replace(/^SIG/, "")}`) ?? parseRealTime(trimmed);
  if (named !== undefined) return named;
  const number = /^\d{1,2}$/.test(trimmed) ? Number(trimmed) : 0;
  return number >= 1 && number <= 64 ? number : undefined;
}

function parseRealTime(text: string): number | undefined {
  const [, base, sign, offset] = /^(?:SIG)?RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/i.exec(text) ?? [];
  if (base === undefined) return undefined;
  const start = base.toUpperCase() === "MIN" ? firstRealTime : lastRealTime;
  const number = start + Number(`${sign ?? "+"}${offset ?? 0}`);
  return number >= firstRealTime && number <= lastRealTime ? number : undefined;
}

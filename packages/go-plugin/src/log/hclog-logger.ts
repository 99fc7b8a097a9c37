import { logLevels } from "./logger.ts";
import type { LogFields, LogLevel, Logger } from "./logger.ts";

/** Hosts read stderr in pieces of 64 KiB; a longer line arrives torn and as plain text. */
const maxLineBytes = 65_536;

/**
 * A logger that gives `write` one line of JSON at a time, newline included, as go-plugin hosts read them:
 * all values are strings, because a number under a special key ends the agent and others arrive as floats;
 * the time has six digits of fraction, because any other number makes the whole line plain text.
 * Lines stay below 64 KiB: first the values are shortened, then fields are left out.
 */
export function createHclogLogger(
  write: (line: string) => void,
  options: { readonly name?: string; readonly now?: () => Date } = {},
): Logger {
  const now = options.now ?? (() => new Date());
  return loggerFor({ write, now, module: options.name ?? "", fields: {} });
}

interface Sink {
  readonly write: (line: string) => void;
  readonly now: () => Date;
  readonly module: string;
  readonly fields: LogFields;
}

function loggerFor(sink: Sink): Logger {
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    const head = { "@level": level, "@message": textOf(message), "@module": sink.module, "@timestamp": timestampOf(sink.now()) };
    sink.write(encodeLine(head, fieldTexts({ ...sink.fields, ...fields })));
  };
  return {
    trace: log("trace"),
    debug: log("debug"),
    info: log("info"),
    warn: log("warn"),
    error: log("error"),
    named: (name) => loggerFor({ ...sink, module: sink.module === "" ? name : `${sink.module}.${name}` }),
    with: (fields) => loggerFor({ ...sink, fields: { ...sink.fields, ...fields } }),
  };
}

/** Whether `text` is one of the five levels. */
export function isLogLevel(text: string): text is LogLevel {
  return logLevels.some((level) => level === text);
}

function timestampOf(moment: Date): string {
  const valid = Number.isNaN(moment.getTime()) ? new Date(0) : moment;
  return valid.toISOString().replace("Z", "000Z");
}

/** Callers may hand over what is no string at run time, such as the message of a thrown null. */
function textOf(value: unknown): string {
  return String(value).toWellFormed();
}

function fieldTexts(fields: LogFields): Record<string, string> {
  const entries = Object.entries(fields).map(([key, value]) => [key.replace(/^@+/, "").toWellFormed(), textOf(value)] as const);
  return Object.fromEntries(entries.filter(([key]) => key !== ""));
}

function encodeLine(head: Readonly<Record<string, string>>, fields: Readonly<Record<string, string>>): string {
  const whole = jsonLine({ ...head, ...fields });
  if (isShortEnough(whole)) return whole;
  for (let units = 16_384; units >= 64; units = Math.floor(units / 2)) {
    const line = jsonLine(shortenValues({ ...head, ...fields }, units));
    if (isShortEnough(line)) return line;
  }
  return jsonLine(shortenValues({ ...head, "log-fields": "left out, too many" }, 8_192));
}

function isShortEnough(line: string): boolean {
  return Buffer.byteLength(line) < maxLineBytes;
}

function shortenValues(values: Readonly<Record<string, string>>, units: number): Record<string, string> {
  const shorten = (text: string) => (text.length <= units ? text : `${text.slice(0, units)}… (${text.length} characters)`.toWellFormed());
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, shorten(value)]));
}

function jsonLine(values: Readonly<Record<string, string>>): string {
  return `${JSON.stringify(values)}\n`;
}

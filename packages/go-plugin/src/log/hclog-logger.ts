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
  return new HclogLogger({ write, now }, options.name ?? "", {});
}

interface Sink {
  readonly write: (line: string) => void;
  readonly now: () => Date;
}

/** Each task has one for as long as it runs. */
class HclogLogger implements Logger {
  readonly #sink: Sink;
  readonly #module: string;
  readonly #fields: LogFields;

  constructor(sink: Sink, module: string, fields: LogFields) {
    this.#sink = sink;
    this.#module = module;
    this.#fields = fields;
  }

  trace(message: string, fields?: LogFields): void {
    this.#log("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#log("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#log("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#log("warn", message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#log("error", message, fields);
  }

  named(name: string): Logger {
    return new HclogLogger(this.#sink, this.#module === "" ? name : `${this.#module}.${name}`, this.#fields);
  }

  with(fields: LogFields): Logger {
    return new HclogLogger(this.#sink, this.#module, { ...this.#fields, ...fields });
  }

  #log(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { write, now } = this.#sink;
    const head = { "@level": level, "@message": textOf(message), "@module": this.#module, "@timestamp": timestampOf(now()) };
    write(encodeLine(head, fieldTexts({ ...this.#fields, ...fields })));
  }
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

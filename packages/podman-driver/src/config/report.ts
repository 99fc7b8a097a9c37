import { DriverError } from "@driver/nomad-plugin";

/** One thing in a config that a start would refuse. */
export interface Mistake {
  /** Dotted path below the config block, e.g. `logging.driver`; empty for the block itself. */
  readonly key: string;
  /** A whole sentence: key, value, what is wrong with it and what would be right. */
  readonly message: string;
  /** `unsupported`: right in itself, but not to be had here. */
  readonly code: "config-invalid" | "unsupported";
}

/** What is wrong with one value. */
export interface Refusal {
  readonly key: string;
  /** What messages call it. Default: `config key` and the key, which is wrong for what stands elsewhere in a job. */
  readonly subject?: string;
  /** As the job wrote it; to be left out for a secret, and where it says nothing. */
  readonly value?: unknown;
  /** Goes on behind the value: `is no duration`. */
  readonly problem: string;
  /** What would be right: `write a number with its unit, e.g. 90s`. */
  readonly remedy: string;
  /** Default `config-invalid`. */
  readonly code?: Mistake["code"];
}

/** One shape for every mistake in a config, of a job or of an agent. */
export function toMistake({ key, subject = `config key ${key}`, value, problem, remedy, code = "config-invalid" }: Refusal): Mistake {
  const shown = value === undefined ? "" : ` ${toText(value)}`;
  return { key, code, message: `${subject}:${shown} ${problem}; ${remedy}` };
}

/** Numbers beyond what JSON holds are written as they are. */
function toText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === "bigint" ? String(part) : part));
}

/** The same as an error, for a parser of one value that knows no report: `Report.attempt` takes it over. */
export function toRefusal(refusal: Refusal): DriverError {
  const { key, code, message } = toMistake(refusal);
  return new DriverError(code, message, { configKey: key });
}

/**
 * What `read` makes of a config.
 * @throws DriverError with all mistakes that it reports, when there are any
 */
export function reportAll<T>(read: (report: Report) => T): T {
  const report = new Report();
  const result = read(report);
  report.throwIfAny();
  return result;
}

/** Gathers all that is wrong, so that nobody has to mend a config by one mistake a try. */
export class Report {
  readonly #mistakes: Mistake[] = [];

  get mistakes(): readonly Mistake[] {
    return this.#mistakes;
  }

  refuse(refusal: Refusal): void {
    this.#mistakes.push(toMistake(refusal));
  }

  /** Takes over a refusal of a parser that throws. Rethrows what is no `DriverError`. */
  note(error: unknown, key: string): void {
    if (!(error instanceof DriverError)) throw error;
    this.#mistakes.push({
      key: error.configKey ?? key,
      message: error.message,
      code: error.code === "unsupported" ? "unsupported" : "config-invalid",
    });
  }

  /** What `parse` makes of a value under `key`, or `otherwise` when it refuses it. */
  attempt<T>(key: string, otherwise: T, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      this.note(error, key);
      return otherwise;
    }
  }

  /** @throws DriverError with all mistakes, when there are any */
  throwIfAny(): void {
    const [first, ...others] = this.#mistakes;
    if (first === undefined) return;
    if (others.length === 0) throw new DriverError(first.code, first.message, { configKey: first.key });
    const code = this.#mistakes.every((one) => one.code === "unsupported") ? "unsupported" : "config-invalid";
    const list = this.#mistakes.map(({ message }, index) => `(${index + 1}) ${message}`).join(" ");
    throw new DriverError(code, `the config has ${this.#mistakes.length} mistakes: ${list}`);
  }
}

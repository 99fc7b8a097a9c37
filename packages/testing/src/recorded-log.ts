import type { LogFields, Logger } from "@driver/nomad-plugin";

/** A logger that keeps what it is told, for tests that read it. Its children write to the same lines. */
export class RecordedLog {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
  readonly logger: Logger = this.#child({});

  /** What was told at this level, each as its message and, where there is one, the text of the error. */
  at(level: "debug" | "info" | "warn" | "error"): readonly string[] {
    return this.lines
      .filter((line) => line.level === level)
      .map(({ message, fields }) => (fields["error"] === undefined ? message : `${message}: ${fields["error"]}`));
  }

  #child(own: LogFields): Logger {
    const write =
      (level: string) =>
      (message: string, fields: LogFields = {}): void => {
        this.lines.push({ level, message, fields: { ...own, ...fields } });
      };
    return {
      trace: write("trace"),
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      named: () => this.#child(own),
      with: (more) => this.#child({ ...own, ...more }),
    };
  }
}

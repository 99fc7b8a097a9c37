import type { LogStream, RunEvent, TaskName } from "@driver/nomad-host";

import type { LocatedError } from "./format-error.ts";
import type { Output } from "./output.ts";
import { WholeCharacters } from "./whole-characters.ts";

interface LogOfTask {
  readonly name: TaskName;
  readonly stream: LogStream;
  readonly characters: WholeCharacters;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Writes a run for programs: one JSON object a line for each event. */
export class JsonPrinter {
  readonly #output: Output;
  readonly #now: () => Date;
  readonly #streams = new Map<string, LogOfTask>();

  constructor(output: Output, now: () => Date) {
    this.#output = output;
    this.#now = now;
  }

  /** To be given to `runJob`. */
  readonly print = async (event: RunEvent): Promise<void> => {
    if (event.kind === "task-log") {
      const log = this.#logOf(event, event.stream);
      return this.#printLog(log, log.characters.push(event.data));
    }
    if (event.kind === "task-exited" || event.kind === "task-failed") await this.#flush(event);
    const { kind, ...rest } = event;
    await this.#write(kind, rest);
  };

  /** A job that could not run. */
  async printError({ message, path, position }: LocatedError): Promise<void> {
    await this.#write("error", { message, ...(path === undefined ? {} : { file: path, ...position }) });
  }

  /** The last line. */
  async printDone(exitCode: number): Promise<void> {
    for (const log of this.#streams.values()) await this.#printLog(log, log.characters.end());
    await this.#write("done", { exitCode });
  }

  async #flush(name: TaskName): Promise<void> {
    for (const stream of ["stdout", "stderr"] as const) {
      const log = this.#logOf(name, stream);
      await this.#printLog(log, log.characters.end());
    }
  }

  async #printLog({ name, stream }: LogOfTask, bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#write("log", { ...name, stream, ...toContent(bytes) });
  }

  #logOf({ group, allocIndex, task }: TaskName, stream: LogStream): LogOfTask {
    const key = `${group}/${allocIndex}/${task}/${stream}`;
    const known = this.#streams.get(key) ?? { name: { group, allocIndex, task }, stream, characters: new WholeCharacters() };
    this.#streams.set(key, known);
    return known;
  }

  async #write(kind: string, rest: object): Promise<void> {
    await this.#output.writeLine(JSON.stringify({ kind, time: this.#now().toISOString(), ...rest }));
  }
}

/** Text where the bytes are UTF-8, else base64: no byte is lost. */
function toContent(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

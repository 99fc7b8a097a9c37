import { unwatchFile, watch, watchFile } from "node:fs";
import { basename, dirname } from "node:path";

import { VariableStore } from "@driver/nomad-host";
import { messageOf } from "@driver/std";

import { readNomadVariables, variableFileOf } from "./read-nomad-variables.ts";

/** A file that is written piece by piece is read when it has been still for so long. */
const stillMs = 100;
/** Where the kernel tells of no changes. */
const lookIntervalMs = 2_000;

/** Nomad's variables from the command line, which follow their files until this is disposed. */
export class NomadVariableFiles implements Disposable {
  readonly store: VariableStore;
  readonly #assignments: readonly string[];
  readonly #onProblem: (message: string) => void;
  readonly #owned = new DisposableStack();
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;
  #reading = Promise.resolve();

  private constructor(store: VariableStore, assignments: readonly string[], onProblem: (message: string) => void) {
    this.store = store;
    this.#assignments = assignments;
    this.#onProblem = onProblem;
  }

  /**
   * Rejects with a UsageError when they cannot be read now.
   * @param onProblem told why a file that has changed is not taken; what it said before counts on
   */
  static async open(assignments: readonly string[], onProblem: (message: string) => void): Promise<NomadVariableFiles> {
    const opened = new NomadVariableFiles(new VariableStore(new Map()), assignments, onProblem);
    // Watched first, so that no change falls in between.
    for (const path of new Set(assignments.map(variableFileOf))) if (path !== undefined) opened.#watch(path);
    try {
      opened.store.replace(await readNomadVariables(assignments));
      return opened;
    } catch (error) {
      opened[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#owned.dispose();
  }

  /** The folder is watched, since many programs put a new file into the place of the old one. */
  #watch(path: string): void {
    const changed = (): void => this.#readSoon();
    try {
      const watcher = watch(dirname(path), { persistent: false }, (_, name) => (name === basename(path) ? changed() : undefined));
      this.#owned.defer(() => watcher.close());
      watcher.on("error", () => this.#poll(path));
    } catch {
      this.#poll(path);
    }
  }

  #poll(path: string): void {
    if (this.#isDisposed) return;
    const changed = (): void => this.#readSoon();
    watchFile(path, { persistent: false, interval: lookIntervalMs }, changed);
    this.#owned.defer(() => unwatchFile(path, changed));
  }

  #readSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#reading = this.#reading.then(() => this.#read());
    }, stillMs).unref();
  }

  async #read(): Promise<void> {
    try {
      const variables = await readNomadVariables(this.#assignments);
      if (!this.#isDisposed) this.store.replace(variables);
    } catch (error) {
      if (!this.#isDisposed) this.#onProblem(`${messageOf(error)}; what it said before counts on`);
    }
  }
}

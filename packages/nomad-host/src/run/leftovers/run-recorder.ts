import { toProcessMark } from "@driver/go-plugin";
import type { NetworkIsolationSpec, TaskHandle } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";

import { writeRunRecord } from "./run-record.ts";
import type { RunRecord } from "./run-record.ts";

/** Keeps the record of a run as it goes on. Never rejects: a run goes on without it. */
export class RunRecorder {
  readonly #runPath: string;
  readonly #onProblem: (message: string) => void;
  readonly #plugins = new Set<string>();
  readonly #tasks = new Map<string, TaskHandle>();
  readonly #networks = new Map<string, NetworkIsolationSpec>();
  #writing = Promise.resolve();
  #isTold = false;

  /** `onProblem` is told once why the record cannot be written. */
  constructor(runPath: string, onProblem: (message: string) => void) {
    this.#runPath = runPath;
    this.#onProblem = onProblem;
  }

  pluginLaunched(pid: number): Promise<void> {
    this.#plugins.add(toProcessMark(pid));
    return this.#write();
  }

  taskStarted(handle: TaskHandle): Promise<void> {
    this.#tasks.set(handle.config.id, handle);
    return this.#write();
  }

  taskRemoved(taskId: string): Promise<void> {
    this.#tasks.delete(taskId);
    return this.#write();
  }

  networkMade(allocId: string, spec: NetworkIsolationSpec): Promise<void> {
    this.#networks.set(allocId, spec);
    return this.#write();
  }

  networkRemoved(allocId: string): Promise<void> {
    this.#networks.delete(allocId);
    return this.#write();
  }

  #write(): Promise<void> {
    const networks = [...this.#networks].map(([allocId, spec]) => ({ allocId, spec }));
    const record: RunRecord = { plugins: [...this.#plugins], tasks: [...this.#tasks.values()], networks };
    this.#writing = this.#writing.then(() => writeRunRecord(this.#runPath, record)).catch((error: unknown) => this.#tell(error));
    return this.#writing;
  }

  #tell(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#onProblem(`what runs cannot be noted, for the case that this run is killed: ${messageOf(error)}`);
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { TaskConfig } from "@driver/nomad-plugin";

import type { Task, TaskTemplate } from "../../job/job.ts";
import type { FoundService } from "../../template/functions/host-functions.ts";
import { fromGoBytes } from "../../template/go-bytes.ts";
import { writeAllocFile } from "../alloc/alloc-dir.ts";
import { fetchArtifact } from "../artifacts/fetch-artifact.ts";
import type { PlannedArtifact } from "../artifacts/plan-artifact.ts";
import { toAllocPath } from "../env/alloc-path.ts";
import { RunError } from "../run-error.ts";
import type { RunListener, TaskName } from "../run-event.ts";
import type { ServiceRegistry } from "../services/service-registry.ts";
import type { VariableStore } from "../variables/variable-store.ts";
import type { BuiltTask, TemplateState } from "./allocation.ts";

/** A task that was built before anything runs, and how it is built once more. */
export interface PreparedTask {
  readonly built: BuiltTask;
  /** Its own services, for templates of the whole run. */
  readonly services: readonly FoundService[];
  rebuild(state: TemplateState): Promise<BuiltTask>;
}

export interface TaskPreparationOptions {
  readonly name: TaskName;
  readonly task: Task;
  readonly prepared: PreparedTask;
  readonly allocPath: string;
  readonly registry: ServiceRegistry;
  readonly variables: VariableStore;
  readonly on: RunListener;
}

/** What is done in a task's folder before a start of it, and while it runs. */
export class TaskPreparation {
  readonly #options: TaskPreparationOptions;
  readonly #fetched = new Set<PlannedArtifact>();
  /** Texts of the files as they were written, by path. */
  readonly #written = new Map<string, string | Uint8Array>();
  #sources: ReadonlyMap<TaskTemplate, string> = new Map();
  #latest: BuiltTask;

  constructor(options: TaskPreparationOptions) {
    this.#options = options;
    this.#latest = options.prepared.built;
  }

  /** Whether a template can come to another text. */
  get isChanging(): boolean {
    return this.#options.task.templates.some((template) => !isConstant(template));
  }

  /**
   * Fetches what is not there yet, so that a restart goes on where a start failed, writes the files, and gives what the driver is told
   * now. Rejects with `artifact-failed` or `job-invalid`.
   */
  async prepare(signal: AbortSignal): Promise<TaskConfig> {
    await this.#fetch(signal);
    await this.#readSources();
    if (this.isChanging) this.#latest = await this.#rebuild();
    await this.#write(this.#latest);
    return this.#latest.config;
  }

  /** Renders once more, writes what is another text now, and gives the templates that are. */
  async refresh(): Promise<readonly TaskTemplate[]> {
    const before = this.#latest.templates;
    const after = await this.#rebuild();
    this.#latest = after;
    const changed = after.templates.filter(
      (template) => before.find(({ destination }) => destination === template.destination)?.data !== template.data,
    );
    if (changed.length > 0) await this.#write(after);
    return changed;
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    const { name, prepared, allocPath, on } = this.#options;
    for (const artifact of prepared.built.artifacts) {
      if (this.#fetched.has(artifact)) continue;
      await on({ kind: "task-event", ...name, message: describeFetch(artifact), at: new Date() });
      await fetchArtifact(artifact, allocPath, signal);
      this.#fetched.add(artifact);
    }
  }

  /** They are read where the task's folder has them; a place elsewhere is refused (`nomad`: template sandbox). */
  async #readSources(): Promise<void> {
    const { task, allocPath, prepared } = this.#options;
    const sources = new Map<TaskTemplate, string>();
    for (const template of task.templates.filter(({ source }) => source !== "")) {
      const path = toAllocPath(task.name, template.source, prepared.built.scope);
      const text = path === undefined ? undefined : await readFile(join(allocPath, path)).then(fromGoBytes, () => undefined);
      if (text === undefined) {
        const message = `template: the source ${JSON.stringify(template.source)} is no file in the task's folder`;
        throw new RunError("job-invalid", message, { position: template.position });
      }
      sources.set(template, text);
    }
    this.#sources = sources;
  }

  #rebuild(): Promise<BuiltTask> {
    const { prepared, registry, variables } = this.#options;
    return prepared.rebuild({ services: registry.all(), variables: variables.all(), sources: this.#sources, isTrial: false });
  }

  /** What a task has made of its file is left alone as long as the text is the same. */
  async #write({ files }: BuiltTask): Promise<void> {
    for (const file of files) {
      if (this.#written.get(file.path) === file.text) continue;
      await writeAllocFile(this.#options.allocPath, file);
      this.#written.set(file.path, file.text);
    }
  }
}

function isConstant({ source, data, delimiters }: TaskTemplate): boolean {
  return source === "" && !data.includes(delimiters.left);
}

function describeFetch({ source, title }: PlannedArtifact): string {
  const warning = source.kind === "file" ? "; a Nomad client takes no files of its own machine" : "";
  return `artifact: fetching ${title}${warning}`;
}

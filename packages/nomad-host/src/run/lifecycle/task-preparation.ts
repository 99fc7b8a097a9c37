import { fetchArtifact } from "../artifacts/fetch-artifact.ts";
import type { PlannedArtifact } from "../artifacts/plan-artifact.ts";
import type { RunListener, TaskName } from "../run-event.ts";

export interface TaskPreparationOptions {
  readonly name: TaskName;
  readonly artifacts: readonly PlannedArtifact[];
  readonly allocPath: string;
  readonly on: RunListener;
}

/** What is done in a task's folder before a start of it. */
export class TaskPreparation {
  readonly #options: TaskPreparationOptions;
  readonly #fetched = new Set<PlannedArtifact>();

  constructor(options: TaskPreparationOptions) {
    this.#options = options;
  }

  /** Fetches what is not there yet, so that a restart goes on where a start failed. Rejects as `fetchArtifact` does. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { name, artifacts, allocPath, on } = this.#options;
    for (const artifact of artifacts) {
      if (this.#fetched.has(artifact)) continue;
      await on({ kind: "task-event", ...name, message: describeFetch(artifact), at: new Date() });
      await fetchArtifact(artifact, allocPath, signal);
      this.#fetched.add(artifact);
    }
  }
}

function describeFetch({ source, title }: PlannedArtifact): string {
  const warning = source.kind === "file" ? "; a Nomad client takes no files of its own machine" : "";
  return `artifact: fetching ${title}${warning}`;
}

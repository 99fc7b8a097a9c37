import { DriverRig, type RiggedTask, type TaskWishes } from "@driver/testing";
import { ApiRecorder } from "./api-recorder.ts";
import type { Bed } from "./bed.ts";
import { destroyTasks } from "./bed-tasks.ts";

/** What the driver asks Podman to create for one kind of task, so that Podman alone can be asked for the very same. */
export class RecordedSpec {
  readonly #text: string;
  readonly #task: RiggedTask;

  private constructor(text: string, task: RiggedTask) {
    this.#text = text;
    this.#task = task;
  }

  /** Starts one such task through a socket that listens in. */
  static async record(bed: Bed, wishes: TaskWishes): Promise<RecordedSpec> {
    await using recorder = await ApiRecorder.start(bed, "recorder");
    await using rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${recorder.socketPath}` } });
    const task = await rig.prepare(wishes);
    await rig.startTask(task);
    await destroyTasks(rig, [task]);
    const [text] = recorder.created;
    if (text === undefined) throw new Error("the driver created no container while its calls were recorded");
    return new RecordedSpec(text, task);
  }

  /** The create call for another task of the same kind; its folders must exist. */
  specFor(task: RiggedTask): string {
    const recorded = this.#task.config;
    return this.#text
      .replaceAll(recorded.id, task.config.id)
      .replaceAll(recorded.allocDir, task.config.allocDir)
      .replaceAll(recorded.allocId, task.config.allocId);
  }
}

import type { Logger } from "@driver/nomad-plugin";
import type { DriverServices } from "../driver-services.ts";

/** What a task lives in: what all tasks of this plugin share, and whom it tells what. */
export interface TaskSurroundings {
  readonly services: DriverServices;
  readonly logger: Logger;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

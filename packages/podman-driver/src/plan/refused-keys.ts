import { DriverError } from "@driver/nomad-plugin";
import { taskKeySupport } from "../config/key-support.ts";
import type { TaskOptions } from "../config/task-schema.ts";

/** Rejects what would otherwise be ignored silently: a database whose `volumes` are dropped loses its data. */
export function refuseUnappliedKeys(options: TaskOptions): void {
  const refused = Object.entries(options).filter(([key, value]) => taskKeySupport(key).kind === "refused" && isSet(value));
  if (refused.length > 0) {
    const names = refused.map(([key]) => key).join(", ");
    throw new DriverError("unsupported", `config: ${names} ${refused.length === 1 ? "is" : "are"} not supported yet: remove ${refused.length === 1 ? "it" : "them"} from the task`);
  }
}

/** A value that asks for something; false, 0, empty text, empty lists and maps ask for nothing. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

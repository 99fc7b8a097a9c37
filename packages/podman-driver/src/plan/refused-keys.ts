import { DriverError } from "@driver/nomad-plugin";
import { taskKeySupport } from "../config/key-support.ts";
import type { TaskOptions } from "../config/task-schema.ts";

/** Rejects what would otherwise be ignored silently: a database whose `volumes` are dropped loses its data. */
export function refuseUnappliedKeys(options: TaskOptions): void {
  const refused = findUnappliedKeys(options);
  if (refused.length > 0) throw new DriverError("unsupported", describeUnappliedKeys(refused));
}

/** The keys that ask for something which this version does not do. */
export function findUnappliedKeys(options: TaskOptions): readonly string[] {
  return Object.entries(options).flatMap(([key, value]) => (taskKeySupport(key).kind === "refused" && isSet(value) ? [key] : []));
}

export function describeUnappliedKeys(keys: readonly string[]): string {
  const [are, them] = keys.length === 1 ? ["is", "it"] : ["are", "them"];
  return `config: ${keys.join(", ")} ${are} not supported yet: remove ${them} from the task`;
}

/** A value that asks for something; false, 0, empty text, empty lists and maps ask for nothing. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

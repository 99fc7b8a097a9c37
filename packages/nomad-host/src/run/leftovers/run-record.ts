import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { NetworkIsolationSpec, TaskHandle } from "@driver/nomad-plugin";

/** What would be left of a run if it were killed now. */
export interface RunRecord {
  /** Process marks of its plugins. */
  readonly plugins: readonly string[];
  /** Of its tasks, without what may be secret: environment and config. */
  readonly tasks: readonly TaskHandle[];
  readonly networks: readonly { readonly allocId: string; readonly spec: NetworkIsolationSpec }[];
}

const version = 1;
/** Hidden from those who look for allocations. */
const fileName = ".run.json";

/** Writes the record into the run's folder, whole at once and for this user alone. */
export async function writeRunRecord(runPath: string, { plugins, tasks, networks }: RunRecord): Promise<void> {
  const plain = tasks.map((handle) => {
    return { ...handle, config: withoutSecrets(handle.config), driverState: Buffer.from(handle.driverState).toString("base64") };
  });
  const draft = join(runPath, `${fileName}.new`);
  await writeFile(draft, JSON.stringify({ version, plugins, tasks: plain, networks }), { mode: 0o600 });
  await rename(draft, join(runPath, fileName));
}

/** The record in a run's folder; undefined: there is none that this program can read. */
export async function readRunRecord(runPath: string): Promise<RunRecord | undefined> {
  const text = await readFile(join(runPath, fileName), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  // Only this user can have written it, and programs of this version alone are believed.
  const found = parse(text) as StoredRecord | undefined;
  if (found?.version !== version) return undefined;
  const { plugins, networks } = found;
  const tasks = found.tasks.map((handle) => {
    return { ...handle, config: withoutSecrets(handle.config), driverState: Buffer.from(handle.driverState, "base64") };
  });
  return { plugins, tasks, networks };
}

type StoredHandle = Omit<TaskHandle, "driverState"> & { readonly driverState: string };
type StoredRecord = Omit<RunRecord, "tasks"> & { readonly version: number; readonly tasks: readonly StoredHandle[] };

/** A driver finds a task by its id and the driver's own state; the rest of the config was for its start. */
function withoutSecrets(config: TaskHandle["config"]): TaskHandle["config"] {
  return { ...config, env: {}, deviceEnv: {}, driverConfig: new Uint8Array() };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

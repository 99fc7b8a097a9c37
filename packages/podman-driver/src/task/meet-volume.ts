import type { PodmanClient, VolumeInspect } from "@driver/libpod";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { toRefusal } from "../config/report.ts";
import type { Need } from "../topics/topic.ts";
import type { Rollback } from "./rollback.ts";

type VolumeNeed = Extract<Need, { readonly kind: "volume" }>;

export interface VolumeContext {
  readonly podman: PodmanClient;
  readonly undo: Rollback;
  /** A volume that is made gets it as a label. */
  readonly taskId: string;
  /** Does one step with Podman, again where that may help, and names it in the error. */
  inStep<T>(step: string, work: () => Promise<T>): Promise<T>;
}

/**
 * Makes a volume, or takes the one that is there if it is what the task means. One made here is removed again if the start fails.
 * @throws DriverError when there is another one of the name
 */
export async function meetVolume(need: VolumeNeed, { podman, undo, taskId, inStep }: VolumeContext, signal: AbortSignal): Promise<void> {
  const { name } = need;
  const find = (): Promise<VolumeInspect | undefined> => podman.volumes.inspect(name, signal);
  const found = await inStep(`look for volume ${name}`, find);
  if (found !== undefined) return refuseOther(need, found);
  const labels = { ...need.labels, [ownLabels.taskId]: taskId };
  const removeLater = (): void => undo.onFailure(`remove volume ${name}`, (undoSignal) => podman.volumes.remove(name, undoSignal));
  try {
    await inStep(`create volume ${name}`, () => podman.volumes.create({ ...need, labels }, signal));
    removeLater();
  } catch (error) {
    // An unanswered call of ours may have made it meanwhile, which its label tells, or another task.
    const made = await find().catch(() => undefined);
    if (made === undefined) throw error;
    if (made.labels[ownLabels.taskId] === taskId) removeLater();
    else refuseOther(need, made);
  }
}

/**
 * What the job leaves open may be anything, and labels say nothing of what is in a volume. Options can hold a password, so they are
 * named and not shown.
 */
function refuseOther({ key, value, name, driver, options }: VolumeNeed, found: VolumeInspect): void {
  const isOtherDriver = driver !== "" && found.driver !== driver;
  const names = Object.keys(options).length === 0 ? [] : [...new Set([...Object.keys(options), ...Object.keys(found.options)])];
  const others = names.filter((option) => options[option] !== found.options[option]);
  if (!isOtherDriver && others.length === 0) return;
  const differs = isOtherDriver ? `the driver ${found.driver}, not ${driver}` : `other values for ${others.join(", ")}`;
  const problem = `asks for the volume ${name}, and there is one of that name with ${differs}`;
  throw toRefusal({ key, value, problem, remedy: "ask for the same, or use another name" });
}

import type { ContainerSpec, PodmanClient } from "@driver/libpod";
import { resolveImage } from "../image/image-resolver.ts";
import type { Need } from "../topics/topic.ts";

export interface NeedsContext {
  readonly podman: PodmanClient;
  /** Tells the task's owner what happens. */
  emit(message: string, annotations?: Readonly<Record<string, string>>): void;
}

/** The part of the spec that the needs give if all they ask for is there already; undefined where that must not be taken for granted. */
export function hopeForNeeds(needs: readonly Need[]): Partial<ContainerSpec> | undefined {
  return needs.some(({ forcePull }) => forcePull) ? undefined : Object.assign({}, ...needs.map(({ reference }) => ({ image: reference })));
}

/** Sees to it that everything is there that a plan needs, one after the other, and gives the part of the spec that follows from it. */
export async function meetNeeds(needs: readonly Need[], { podman, emit }: NeedsContext, signal: AbortSignal): Promise<Partial<ContainerSpec>> {
  const met: Partial<ContainerSpec>[] = [];
  for (const { reference, forcePull, pullTimeoutMs } of needs) {
    const onPull = (pulled: string): void => emit(`Pulling image ${pulled}`, { image: pulled });
    met.push({ image: (await resolveImage(podman, { reference, forcePull, pullTimeoutMs, onPull }, signal)).id });
  }
  return Object.assign({}, ...met);
}

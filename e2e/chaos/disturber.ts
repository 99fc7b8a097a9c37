import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "@driver/testing";
import type { PodmanService } from "./podman-service.ts";

export interface Disturbances {
  readonly service: PodmanService;
  /** Undefined: there is no plugin to kill. */
  readonly killPlugin: (() => Promise<void>) | undefined;
  readonly random: SeededRandom;
  /** Longest pause between two blows, milliseconds. */
  readonly longestPauseMs: number;
  /** Lives that have ended so far: on a slow machine blows wait until some have. */
  endedLives(): number;
}

export type BlowKind = "plugin killed" | "service killed" | "service frozen";

const livesBetweenBlows = 3;
const longestWaitMs = 15_000;

/** Strikes at random moments until the signal fires, then leaves everything running. Settles with the number of blows of each kind. */
export async function disturb(options: Disturbances, signal: AbortSignal): Promise<Readonly<Record<BlowKind, number>>> {
  const { random, service, killPlugin, longestPauseMs } = options;
  const counts: Record<BlowKind, number> = { "plugin killed": 0, "service killed": 0, "service frozen": 0 };
  const sleepOrStop = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);
  for (;;) {
    const ended = options.endedLives();
    await sleepOrStop(random.between(300, longestPauseMs));
    const isSoon = (): boolean => options.endedLives() < ended + livesBetweenBlows && !signal.aborted;
    for (let waitedMs = 0; isSoon() && waitedMs < longestWaitMs; waitedMs += 100) {
      await sleepOrStop(100);
    }
    if (signal.aborted) return counts;
    const kind = random.pick(["plugin killed", "plugin killed", "service killed", "service frozen"] as const);
    // Drawn in any case, so that a run without plugin meets the same blows.
    const downMs = random.between(50, 2000);
    const frozenMs = random.between(200, 4000);
    if (kind === "plugin killed" && killPlugin === undefined) continue;
    counts[kind] += 1;
    if (kind === "plugin killed") await killPlugin?.();
    else if (kind === "service killed") {
      await service.kill();
      await sleepOrStop(downMs);
      await service.start();
    } else {
      service.freeze();
      await sleepOrStop(frozenMs);
      service.thaw();
    }
  }
}

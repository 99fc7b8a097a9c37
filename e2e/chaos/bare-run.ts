import { setTimeout as sleep } from "node:timers/promises";
import { PodmanClient } from "@driver/libpod";
import { testSetting, type FaultProxy, type SeededRandom } from "@driver/testing";
import { disturb } from "./disturber.ts";
import { randomFaults } from "./main-run.ts";
import type { PodmanService } from "./podman-service.ts";

export interface BareRunOptions {
  readonly service: PodmanService;
  readonly proxy: FaultProxy;
  readonly random: SeededRandom;
  readonly lives: number;
  readonly atOnce: number;
  readonly longestPauseMs: number;
  readonly faultProbability: number;
}

/**
 * The same kind of lives without any driver, under the same kills and faults: create, start, wait and remove, each tried until Podman
 * says that it is so. What is left after that is what Podman itself leaves.
 */
export async function runBareLives(options: BareRunOptions): Promise<Readonly<Record<string, number>>> {
  const { service, proxy, random, lives, atOnce } = options;
  const podman = new PodmanClient({ socketPath: proxy.socketPath, timeouts: { quickMs: 20_000, startMs: 30_000, removeMs: 30_000 } });
  const stop = new AbortController();
  proxy.harmAtRandom({ probability: options.faultProbability, faults: randomFaults, random: random.fork() });
  let [begun, ended] = [0, 0];
  const blows = disturb(
    { service, killPlugin: undefined, random: random.fork(), longestPauseMs: options.longestPauseMs, endedLives: () => ended },
    stop.signal,
  );
  const worker = async (): Promise<void> => {
    while (begun < lives) {
      begun += 1;
      await liveBare(podman, `bare-${begun}`);
      ended += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  stop.abort();
  proxy.harmAtRandom(undefined);
  podman.close();
  return blows;
}

async function liveBare(podman: PodmanClient, name: string): Promise<void> {
  const deadline = AbortSignal.timeout(120_000);
  const { containers } = podman;
  const isThere = async (): Promise<boolean> => (await containers.inspect(name, deadline)) !== undefined;
  const image = testSetting("TEST_IMAGE");
  await untilDone(
    () => containers.create({ name, image, command: ["sh", "-c", "sleep 0.5"], netns: { nsmode: "none" } }, deadline),
    isThere,
    deadline,
  );
  await untilDone(
    () => containers.start(name, deadline),
    async () => (await containers.inspect(name, deadline))?.state.startedAt !== undefined,
    deadline,
  );
  await untilDone(
    () => containers.wait(name, {}, deadline),
    async () => (await containers.inspect(name, deadline))?.state.status === "exited",
    deadline,
  );
  await untilDone(
    () => containers.remove(name, { force: true, volumes: true, timeoutSeconds: 0 }, deadline),
    async () => !(await isThere()),
    deadline,
  );
}

/** Gives up at the deadline: what Podman cannot undo itself is what this run is there to count. */
async function untilDone(act: () => Promise<unknown>, isDone: () => Promise<boolean>, deadline: AbortSignal): Promise<void> {
  while (!deadline.aborted) {
    try {
      await act();
      return;
    } catch {
      if (await isDone().catch(() => false)) return;
      await sleep(200);
    }
  }
}

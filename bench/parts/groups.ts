import { randomUUID } from "node:crypto";
import { DriverRig, type TaskWishes } from "@driver/testing";
import type { Part } from "../bed.ts";
import { destroyTasks, sleeper } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { median } from "../statistics.ts";

/** Podman takes a tenth more or less from one to the next: less of them does not tell. */
const pairs = 40;
const warmUpPairs = 2;
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

export const groups: Part = {
  name: "groups",
  summary: "CreateNetwork against a bare pod, and StartTask in a group's pod against one on the bridge",
  async run(bed) {
    await using rig = await DriverRig.start({ pluginConfig: { group_network: "pod" } });
    const timeStart = async (wishes: TaskWishes): Promise<number> => {
      const task = await rig.prepare({ ...sleeper, ...wishes });
      const startMs = performance.now();
      await rig.startTask(task);
      const elapsedMs = performance.now() - startMs;
      await destroyTasks(rig, [task]);
      return elapsedMs;
    };
    const networkMs: number[] = [];
    const podMs: number[] = [];
    const inPodMs: number[] = [];
    const onBridgeMs: number[] = [];
    const timeDriver = async (): Promise<void> => {
      const allocId = randomUUID();
      const startMs = performance.now();
      const { spec } = await rig.driver.createNetwork(allocId, { hostname: "" }, soon());
      networkMs.push(performance.now() - startMs);
      inPodMs.push(await timeStart({ allocId, more: { networkIsolation: spec } }));
      await rig.driver.destroyNetwork(allocId, spec, soon());
    };
    const timeBare = async (): Promise<void> => {
      const body = { name: `bench-${randomUUID()}`, netns: { nsmode: "none" }, shared_namespaces: ["net", "uts"], share_parent: false };
      const startMs = performance.now();
      const pod = await bed.podman.startPod(JSON.stringify(body));
      podMs.push(performance.now() - startMs);
      onBridgeMs.push(await timeStart({ config: { ...sleeper.config, network_mode: "bridge" } }));
      await bed.podman.removePod(pod);
    };
    for (let pair = 0; pair < pairs + warmUpPairs; pair += 1) {
      // Each goes first every other time: the second one may find the caches warm, or the disk busy.
      for (const time of pair % 2 === 0 ? [timeDriver, timeBare] : [timeBare, timeDriver]) await time();
    }
    const networkRatios = toRatios(networkMs, podMs);
    const startRatios = toRatios(inPodMs, onBridgeMs);
    const remark = `${pairs} pairs`;
    return [
      { name: "CreateNetwork / bare pod, median", value: median(networkRatios), unit: "ratio", goal: atMost(1.1), remark },
      { name: "CreateNetwork, median", value: median(networkMs), unit: "ms", baseline: median(podMs), against: "bare Podman" },
      { name: "StartTask in a pod / on the bridge, median", value: median(startRatios), unit: "ratio", goal: atMost(1.1), remark },
    ];
  },
};

/** Of each pair behind the warm-up. */
function toRatios(ours: readonly number[], theirs: readonly number[]): readonly number[] {
  return ours.map((value, index) => value / (theirs[index] ?? Number.NaN)).slice(warmUpPairs);
}

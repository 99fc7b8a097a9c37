import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import type { SharedStats, StatsSubscription } from "../engine/shared-stats.ts";
import { openStatsSource, type StatsSource, type StatsSubject } from "./stats-source.ts";

const stats = { containerId: "a", cpuNs: 5e9, cpuSystemNs: 2e9, memoryBytes: 7 };

/** Podman's stream with one report to take. */
class OneReport {
  subscribed = 0;
  closed = 0;
  #left: ReturnType<StatsSubscription["take"]> = { atNs: 42n, stats };

  subscribe(): StatsSubscription {
    this.subscribed += 1;
    const take = (): ReturnType<StatsSubscription["take"]> => {
      const taken = this.#left;
      this.#left = undefined;
      return taken;
    };
    return { take, close: () => void (this.closed += 1) };
  }
}

interface Facts {
  readonly dir?: string;
  readonly isRunning?: () => boolean;
  readonly isDead?: boolean;
}

function open(shared: OneReport, { dir, isRunning = () => true, isDead = false }: Facts): StatsSource {
  const cgroup = dir === undefined ? undefined : { version: 2, dir } as const;
  const task: StatsSubject = {
    containerId: "a",
    get isRunning() {
      return isRunning();
    },
    processes: { cgroup, isMainGone: () => isDead },
  };
  return openStatsSource(task, { shared: shared as unknown as SharedStats, intervalMs: 1000 });
}

test("is the kernel where it shows anything of the task, to the end of the cgroup", () => {
  using host = new HostFixture();
  host.write("cgroup/c/cpu.stat", "usage_usec 5\n");
  const shared = new OneReport();
  const source = open(shared, { dir: `${host.cgroupDir}/c` });
  const reading = source.read();
  assert.ok(typeof reading === "object" && reading.sample.cpu.totalNs === 5000);
  host.remove("cgroup/c");
  assert.equal(source.read(), undefined);
  assert.equal(shared.subscribed, 0);
});

for (const dir of [undefined, "/no/such/cgroup"]) {
  test(`is Podman where the cgroup is not to be seen (${dir ?? "none"}), to the end of the task`, () => {
    const shared = new OneReport();
    let runs = true;
    const source = open(shared, { ...(dir !== undefined && { dir }), isRunning: () => runs });
    assert.deepEqual(source.read(), {
      atNs: 42n,
      sample: { cpu: { totalNs: 5e9, userNs: 3e9, systemNs: 2e9 }, memory: { usageBytes: 7 } },
    });
    assert.equal(source.read(), "none");
    runs = false;
    assert.equal(source.read(), undefined);
    source.close();
    assert.deepEqual([shared.subscribed, shared.closed], [1, 1]);
  });
}

test("does not trouble Podman for a task whose process is gone", () => {
  const shared = new OneReport();
  assert.equal(open(shared, { isDead: true }).read(), undefined);
  assert.equal(shared.subscribed, 0);
});

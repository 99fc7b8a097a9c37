import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture } from "@driver/testing";
import fc from "fast-check";
import { CgroupReader, readCgroupSample, readOomKills } from "./cgroup-counters.ts";
import type { CgroupFolders } from "./cgroup-path.ts";

function legacy(host: HostFixture): CgroupFolders {
  host.write("cgroup/cpuacct/c/cpuacct.usage", "5000000000\n");
  host.write("cgroup/cpuacct/c/cpuacct.stat", "user 300\nsystem 120\n");
  host.write("cgroup/cpu/c/cpu.stat", "nr_periods 10\nnr_throttled 3\nthrottled_time 250000000\n");
  host.write("cgroup/memory/c/memory.usage_in_bytes", "10000000\n");
  host.write("cgroup/memory/c/memory.max_usage_in_bytes", "12000000\n");
  host.write("cgroup/memory/c/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  host.write(
    "cgroup/memory/c/memory.stat",
    "cache 1\nrss 2\ninactive_file 3\ntotal_cache 4000000\ntotal_rss 3000000\ntotal_swap 77\ntotal_inactive_file 1000000\n",
  );
  const at = (controller: string): string => `${host.cgroupDir}/${controller}/c`;
  return { version: 1, memoryDir: at("memory"), cpuDir: at("cpu"), cpuacctDir: at("cpuacct") };
}

function unified(host: HostFixture): CgroupFolders {
  host.write(
    "cgroup/c/cpu.stat",
    "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 1200000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 250000\n",
  );
  host.write("cgroup/c/memory.stat", "anon 3000000\nfile 4000000\nkernel 500000\ninactive_anon 9\ninactive_file 1000000\n");
  host.write("cgroup/c/memory.current", "10000000\n");
  host.write("cgroup/c/memory.swap.current", "77\n");
  host.write("cgroup/c/memory.peak", "12000000\n");
  host.write("cgroup/c/memory.events", "low 0\nhigh 0\nmax 5\noom 2\noom_kill 2\n");
  return { version: 2, dir: `${host.cgroupDir}/c` };
}

const cpu = { totalNs: 5e9, userNs: 3e9, systemNs: 1.2e9, throttledPeriods: 3, throttledTimeNs: 250_000_000 };
const memory = { usageBytes: 9_000_000, rssBytes: 3_000_000, cacheBytes: 4_000_000, swapBytes: 77, maxUsageBytes: 12_000_000 };

test("reads the accounting of cgroup v1", () => {
  using host = new HostFixture();
  const folders = legacy(host);
  assert.deepEqual(readCgroupSample(folders), { cpu, memory });
  assert.equal(readOomKills(folders), 2);
});

test("reads the accounting of cgroup v2", () => {
  using host = new HostFixture();
  const folders = unified(host);
  assert.deepEqual(readCgroupSample(folders), { cpu, memory: { ...memory, kernelUsageBytes: 500_000 } });
  assert.equal(readOomKills(folders), 2);
});

test("leaves out what a kernel does not tell", () => {
  using host = new HostFixture();
  const folders = unified(host);
  host.write("cgroup/c/memory.stat", "anon 3000000");
  host.write("cgroup/c/memory.swap.current", "max\n");
  host.write("cgroup/c/memory.events", "low 0\n");
  const sample = readCgroupSample(folders);
  assert.deepEqual(
    [sample?.memory.rssBytes, sample?.memory.cacheBytes, sample?.memory.swapBytes, sample?.memory.usageBytes],
    [3_000_000, undefined, undefined, 10_000_000],
  );
  assert.equal(readOomKills(folders), undefined);
});

test("reads what there is when the host lacks the memory controller, or shows that one alone", () => {
  using host = new HostFixture();
  const [v1, v2] = [legacy(host), unified(host)];
  for (const file of [
    "cgroup/memory",
    "cgroup/c/memory.stat",
    "cgroup/c/memory.current",
    "cgroup/c/memory.peak",
    "cgroup/c/memory.swap.current",
  ])
    host.remove(file);
  const nothing = { usageBytes: undefined, rssBytes: undefined, cacheBytes: undefined, swapBytes: undefined, maxUsageBytes: undefined };
  assert.deepEqual(readCgroupSample(v1), { cpu, memory: nothing });
  assert.deepEqual(readCgroupSample(v2), { cpu, memory: { ...nothing, kernelUsageBytes: undefined } });
  using other = new HostFixture();
  const memoryOnly = [legacy(other), unified(other)];
  for (const file of ["cgroup/cpu", "cgroup/cpuacct", "cgroup/c/cpu.stat"]) other.remove(file);
  for (const folders of memoryOnly) {
    const sample = readCgroupSample(folders);
    assert.deepEqual([sample?.memory.rssBytes, Object.values(sample?.cpu ?? {}).filter((value) => value !== undefined)], [3_000_000, []]);
  }
});

test("tells no throttling where nobody counts it", () => {
  using host = new HostFixture();
  const folders = unified(host);
  host.write("cgroup/c/cpu.stat", "usage_usec 5000000\nuser_usec 3000000\nsystem_usec 1200000\n");
  assert.deepEqual(readCgroupSample(folders)?.cpu, { ...cpu, throttledPeriods: undefined, throttledTimeNs: undefined });
});

test("reports no negative memory when the counters were read at different moments", () => {
  using host = new HostFixture();
  const folders = unified(host);
  host.write("cgroup/c/memory.current", "5\n");
  assert.equal(readCgroupSample(folders)?.memory.usageBytes, 0);
});

test("takes nothing of what an earlier, longer reading has left in memory, and no part of a name or of a number", () => {
  using host = new HostFixture();
  const folders = unified(host);
  using reader = new CgroupReader(folders);
  assert.deepEqual(reader.read(), readCgroupSample(folders));
  host.write("cgroup/c/cpu.stat", "usage_usec 7\nuser_usec 1");
  host.write("cgroup/c/memory.stat", "xanon 1\nanon 12x\nfile 3 4\nkernel  5\n");
  host.write("cgroup/c/memory.current", "1");
  const sample = reader.read();
  assert.deepEqual(sample, readCgroupSample(folders));
  assert.deepEqual(
    [sample?.cpu.totalNs, sample?.cpu.userNs, sample?.cpu.systemNs, sample?.memory.rssBytes, sample?.memory.cacheBytes],
    [7000, 1000, undefined, undefined, undefined],
  );
  assert.deepEqual([sample?.memory.kernelUsageBytes, sample?.memory.usageBytes], [undefined, 1]);
});

test("reads a number of 64 bits as near as a number can be", () => {
  using host = new HostFixture();
  const folders = unified(host);
  for (const [text, value] of [["18446744073709551615", 2 ** 64], ["9007199254740993", Number("9007199254740993")]] as const) {
    host.write("cgroup/c/memory.peak", `${text}\n`);
    assert.equal(readCgroupSample(folders)?.memory.maxUsageBytes, value);
  }
});

for (const make of [legacy, unified]) {
  test(`ends with the cgroup (${make.name})`, () => {
    using host = new HostFixture();
    const folders = make(host);
    host[Symbol.dispose]();
    assert.equal(readCgroupSample(folders), undefined);
    assert.equal(readOomKills(folders), undefined);
  });

  test(`gives finite numbers only, whatever stands in the files (${make.name})`, () => {
    using host = new HostFixture();
    const folders = make(host);
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("", "max\n", "-1\n", "NaN", "1e999", "9".repeat(400), "usage_usec x\nanon \nfile -3\ntotal_rss 1e5\n"),
    );
    const names =
      folders.version === 2
        ? ["c/cpu.stat", "c/memory.stat", "c/memory.current"]
        : ["cpuacct/c/cpuacct.usage", "cpu/c/cpu.stat", "memory/c/memory.usage_in_bytes", "memory/c/memory.stat"];
    fc.assert(
      fc.property(fc.constantFrom(...names), text, (name, content) => {
        host.write(`cgroup/${name}`, content);
        const sample = readCgroupSample(folders);
        assert.ok(sample !== undefined);
        for (const value of [...Object.values(sample.cpu), ...Object.values(sample.memory)]) {
          assert.ok(value === undefined || (Number.isFinite(value) && value >= 0));
        }
      }),
    );
  });
}

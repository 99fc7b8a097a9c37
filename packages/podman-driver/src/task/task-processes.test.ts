import assert from "node:assert/strict";
import { test } from "node:test";
import { HostFixture, until } from "@driver/testing";
import { TaskProcesses } from "./task-processes.ts";

const containerId = "ab".repeat(32);

test("tells of each OOM kill as it is counted, and of nothing when the cgroup goes (cgroup v2)", async () => {
  using host = new HostFixture();
  const scope = "cgroup/machine.slice/libpod.scope";
  host.write(`${scope}/memory.events`, "oom 0\noom_kill 0\n");
  const cgroup = { version: 2, dir: `${host.root}/${scope}` } as const;
  const processes = new TaskProcesses(host, containerId, { conmonIsLost: false, cgroup });
  const told: number[] = [];
  const end = processes.watchOomKills((oomKills) => void told.push(oomKills));
  host.write(`${scope}/memory.events`, "oom 1\noom_kill 1\n");
  await until(() => told.includes(1));
  host.remove("cgroup/machine.slice");
  assert.equal(processes.readOomKills(), undefined);
  host.write(`${scope}/memory.events`, "oom 2\noom_kill 2\n");
  end();
  assert.equal(told.at(-1), 1);
});

test("knows of a cgroup that is gone that nothing was killed in it, from when it was watched on (cgroup v2)", () => {
  using host = new HostFixture();
  const slice = "cgroup/machine.slice";
  host.write("proc/self/mountinfo", "31 25 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  host.write(`${slice}/memory.events`, "oom_kill 2\n");
  host.write(`${slice}/libpod.scope/memory.events`, "oom_kill 0\n");
  const cgroup = { version: 2, dir: `${host.root}/${slice}/libpod.scope` } as const;
  const processes = new TaskProcesses(host, containerId, { conmonIsLost: false, cgroup });
  assert.equal(processes.isWithoutOomKill(), false);
  const end = processes.watchOomKills(() => undefined);
  host.remove(`${slice}/libpod.scope`);
  assert.equal(processes.isWithoutOomKill(), true);
  host.write(`${slice}/memory.events`, "oom_kill 3\n");
  assert.equal(processes.isWithoutOomKill(), false);
  end();
});

test("watches no counter that is not there, and says nothing of it", () => {
  using host = new HostFixture();
  const folders = [
    undefined,
    { version: 2, dir: `${host.cgroupDir}/gone` },
    { version: 1, memoryDir: host.cgroupDir, cpuDir: host.cgroupDir, cpuacctDir: host.cgroupDir },
  ] as const;
  for (const cgroup of folders) {
    const processes = new TaskProcesses(host, containerId, { conmonIsLost: false, ...(cgroup !== undefined && { cgroup }) });
    processes.watchOomKills(() => assert.fail("there is nothing to tell"))();
  }
});

for (const [code, outcome] of [["ESRCH", "gone"], ["EPERM", "refused"]] as const) {
  test(`takes ${code} for the answer that it is: the process is ${outcome}`, (t) => {
    using host = new HostFixture();
    host.addProcess({ pid: 77 });
    const failure = Object.assign(new Error(`kill ${code}`), { code });
    t.mock.method(process, "kill", () => {
      throw failure;
    });
    const processes = new TaskProcesses(host, containerId, { conmonIsLost: false, main: { pid: 77, startTicks: "1000" } });
    assert.deepEqual(processes.signal(15), outcome === "refused" ? { kind: outcome, error: failure } : { kind: outcome });
    assert.deepEqual([processes.isMainAlive(), processes.isMainGone()], [true, false]);
  });
}

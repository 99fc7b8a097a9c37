import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { LinuxResources } from "@driver/nomad-plugin";
import { HostFixture, plainTask, RecordedLog, until } from "@driver/testing";
import type { CgroupFolders } from "../host/cgroup-path.ts";
import { Heartbeat } from "../host/heartbeat.ts";
import { SharedCpus } from "../host/shared-cpus.ts";
import { RepeatedFailure } from "../repeated-failure.ts";
import { keepToSharedCpus } from "./keep-to-shared-cpus.ts";

const all = "0-1";
const group = "nomad.slice/libpod-x.scope";

/** A task in a cgroup of its own, beside Nomad's slice of shared cores. */
class Scene {
  readonly host = new HostFixture();
  readonly events: string[] = [];
  cgroup: CgroupFolders | undefined = { version: 2, dir: join(this.host.cgroupDir, group) };
  hasEnded = false;
  /** Readings of the slice so far: a beat each. */
  beats = 0;
  readonly #heartbeat = new Heartbeat(new RepeatedFailure(new RecordedLog().logger, "a beat failed"), 5);
  readonly #sharedCpus = new SharedCpus(this.#heartbeat);

  constructor(context: TestContext) {
    this.giveCores(2);
    this.#heartbeat.subscribe(() => (this.beats += 1));
    context.after(() => {
      this.#heartbeat.close();
      this.host[Symbol.dispose]();
    });
  }

  giveCores(count: number): void {
    const lines = Array.from({ length: count }, (_, index) => `cpu${index} 1 0 1 9\n`);
    this.host.write("proc/stat", `cpu  2 0 2 18\n${lines.join("")}intr 7\n`);
  }

  share(cpus: string): void {
    this.host.write("cgroup/nomad.slice/share.slice/cpuset.cpus.effective", `${cpus}\n`);
  }

  limit(cpus: string): void {
    this.host.write(`cgroup/${group}/cpuset.cpus`, cpus);
  }

  get kept(): string {
    return readFileSync(join(this.host.cgroupDir, group, "cpuset.cpus"), "utf8");
  }

  isMainGone(): boolean {
    return this.hasEnded;
  }

  async nextBeats(): Promise<void> {
    const { beats } = this;
    await until(() => this.beats > beats + 2);
  }

  keep(linux: Partial<LinuxResources> = {}): () => void {
    const { resources } = plainTask();
    const cpusetCgroup = join(this.host.cgroupDir, "nomad.slice/share.slice/a.task.scope");
    return keepToSharedCpus({
      task: { resources: { ...resources, linux: { ...resources.linux, cpusetCgroup, ...linux } } },
      processes: this,
      services: { roots: this.host, sharedCpus: this.#sharedCpus },
      emit: (message) => void this.events.push(message),
    });
  }
}

test("keeps a task to what Nomad shares out, as it changes, and lets it be at the end", async (context) => {
  const scene = new Scene(context);
  scene.limit("");
  scene.share("0");
  const end = scene.keep();
  assert.equal(scene.kept, "0");
  for (const cpus of ["1", "0-1", "7"]) {
    scene.share(cpus);
    await until(() => scene.kept === cpus);
  }
  end();
  scene.share("0");
  await scene.nextBeats();
  assert.equal(scene.kept, "7");
  assert.deepEqual(scene.events, []);
});

test("touches nothing while no core is reserved, and widens again to all of them", async (context) => {
  const scene = new Scene(context);
  scene.limit("");
  scene.share(all);
  scene.keep();
  await scene.nextBeats();
  assert.equal(scene.kept, "");
  for (const cpus of ["7", all]) {
    scene.share(cpus);
    await until(() => scene.kept === cpus);
  }
});

test("widens a task that an earlier plugin has confined", (context) => {
  const scene = new Scene(context);
  scene.limit("7");
  scene.share(all);
  scene.keep();
  assert.equal(scene.kept, all);
});

test("takes the machine's cores for all there are, not those that the plugin may use", (context) => {
  const scene = new Scene(context);
  scene.giveCores(4096);
  scene.limit("");
  scene.share("0-4094");
  scene.keep();
  assert.equal(scene.kept, "0-4094");
});

test("leaves tasks alone that have cores of their own, and those of an agent that shares none out", async (context) => {
  const scene = new Scene(context);
  scene.limit("untouched");
  scene.share("0");
  scene.keep({ cpusetCpus: "3" });
  scene.keep({ cpusetCgroup: join(scene.host.cgroupDir, "nomad.slice/a.task.scope") });
  scene.keep({ cpusetCgroup: "" });
  await scene.nextBeats();
  assert.equal(scene.kept, "untouched");
});

test("keeps a task whose cgroup is found later, and follows the folder of cgroup v1", async (context) => {
  const scene = new Scene(context);
  scene.host.write("cgroup/cpuset/nomad/share/cpuset.effective_cpus", "0\n");
  scene.host.write("cgroup/cpuset/machine/libpod-x/cpuset.cpus", "");
  const at = (controller: string): string => join(scene.host.cgroupDir, controller, "machine/libpod-x");
  scene.cgroup = undefined;
  scene.keep({ cpusetCgroup: join(scene.host.cgroupDir, "cpuset/nomad/share") });
  await scene.nextBeats();
  scene.cgroup = { version: 1, memoryDir: at("memory"), cpuDir: at("cpu"), cpuacctDir: at("cpuacct") };
  await until(() => readFileSync(join(at("cpuset"), "cpuset.cpus"), "utf8") === "0");
});

test("tells once that a cgroup has no cpuset controller, and nothing of a task that has ended", async (context) => {
  const scene = new Scene(context);
  scene.share("0");
  scene.hasEnded = true;
  scene.keep()();
  assert.deepEqual(scene.events, []);
  scene.hasEnded = false;
  scene.keep();
  scene.share("1");
  await scene.nextBeats();
  assert.equal(scene.events.length, 1);
  assert.match(
    scene.events[0] ?? "",
    /^the task cannot be kept off the cores that others have reserved \(it may use 0\): its cgroup has no cpuset controller; .*Delegate=/,
  );
});

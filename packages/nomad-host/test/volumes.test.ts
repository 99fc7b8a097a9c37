import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import type { GroupVolume, VolumeMount } from "../src/job/job.ts";
import { planMounts } from "../src/run/volumes/plan-mounts.ts";
import { emptyFolder } from "./empty-folder.ts";
import { createJobFolder, loadText, plainOptions } from "./job/job-text.ts";
import { loadJob } from "../src/index.ts";
import { recordRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";
import { throwProblem } from "./throw-problem.ts";

const position = { line: 7, column: 3 };
const volume: GroupVolume = { name: "data", source: "disk", isReadOnly: false, isPerAlloc: false, position };
const mount: VolumeMount = { volume: "data", destination: "/data", isReadOnly: false, propagationMode: "", selinuxLabel: "", position };
const plain = { hostPath: "/srv/disk", taskPath: "/data", readonly: false, propagationMode: "", selinuxLabel: "", requestName: "disk" };

const mounts: readonly (readonly [title: string, volume: Partial<GroupVolume>, mount: Partial<VolumeMount>, wanted: object])[] = [
  ["a volume is mounted where the task wants it", {}, {}, {}],
  ["a volume that is read-only is so in every task", { isReadOnly: true }, {}, { readonly: true }],
  ["a mount can be read-only by itself", {}, { isReadOnly: true }, { readonly: true }],
  [
    "propagation and label reach the driver",
    {},
    { propagationMode: "host-to-task", selinuxLabel: "z" },
    { propagationMode: "host-to-task", selinuxLabel: "z" },
  ],
  ["a destination may name what the environment has", {}, { destination: "/data/${NOMAD_TASK_NAME}" }, { taskPath: "/data/only" }],
  ["a copy has a volume of its own", { isPerAlloc: true }, {}, { hostPath: "/srv/own", requestName: "disk[2]" }],
];

for (const [title, changes, ofMount, wanted] of mounts) {
  test(title, () => {
    const task = sampleTask("only", "", { volumeMounts: [{ ...mount, ...ofMount }] });
    const group = sampleGroup([task], { volumes: [{ ...volume, ...changes }] });
    const paths = new Map([
      ["disk", "/srv/disk"],
      ["disk[2]", "/srv/own"],
    ]);
    const scope = new Map([["NOMAD_TASK_NAME", "only"]]);
    assert.deepEqual(planMounts(task, { group, allocIndex: 2, scope, paths, report: throwProblem }), [{ ...plain, ...wanted }]);
  });
}

const lacks: readonly (readonly [title: string, path: string | undefined, message: RegExp])[] = [
  ["no path is known", undefined, /^volume "data": there is no host volume "disk"; give it with -host-volume disk=PATH$/],
  ["its path does not exist", "none", /^volume "data": .*\/none does not exist on this machine$/],
  ["its path is a file", "file", /^volume "data": .*\/file is no folder$/],
];

for (const [title, path, message] of lacks) {
  test(`a job does not start when of a host volume ${title}`, async () => {
    await using folder = await emptyFolder();
    await using disks = await createJobFolder();
    await disks.write("file", "");
    const job = sampleJob([sampleGroup([sampleTask("only", "echo ran")], { volumes: [volume] })]);
    const host = { volumes: new Map(path === undefined ? [] : [["disk", join(disks.path, path)]]), networks: new Map() };
    const kinds: string[] = [];
    const run = recordRun(job, { parentPath: folder.path, host, onEvent: ({ kind }) => void kinds.push(kind) });
    await assert.rejects(run, { code: "job-invalid", message, position });
    assert.deepEqual(kinds, []);
  });
}

test("HCL and JSON mean the same volumes and mounts", async () => {
  const hcl = await loadText(`job "j" {
  group "g" {
    volume "data" {
      type      = "host"
      source    = "disk"
      read_only = true
      per_alloc = true
    }
    task "t" {
      driver = "podman"
      volume_mount {
        volume           = "data"
        destination      = "/data"
        propagation_mode = "private"
      }
    }
  }
}
`);
  const mounted = { Volume: "data", Destination: "/data", ReadOnly: false, PropagationMode: "private", SELinuxLabel: "" };
  const wanted = {
    Name: "data",
    Type: "host",
    Source: "disk",
    ReadOnly: true,
    PerAlloc: true,
    Sticky: false,
    AccessMode: "",
    MountOptions: null,
  };
  const group = { Name: "g", Volumes: { data: wanted }, Tasks: [{ Name: "t", Driver: "podman", VolumeMounts: [mounted] }] };
  await using folder = await createJobFolder();
  const path = await folder.write("job.json", JSON.stringify({ Job: { ID: "j", TaskGroups: [group] } }));
  const json = await loadJob(path, plainOptions);
  const parts = [hcl, json].map(({ groups, notes }) =>
    JSON.stringify([groups[0]?.volumes, groups[0]?.tasks[0]?.volumeMounts, notes]).replaceAll(/"position":\{[^}]*\}/g, "-"),
  );
  assert.equal(parts[1], parts[0]);
  assert.match(parts[0] ?? "", /"source":"disk","isReadOnly":true,"isPerAlloc":true/);
});

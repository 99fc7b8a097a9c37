import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { CliWorkplace } from "./cli-run.ts";
import { findSnippets, withScripts } from "./jobs/snippets.ts";

const documents = join(import.meta.dirname, "jobs/documents");

const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** What limits of memory are to a task; cgroup v2 has no swappiness of its own for one, and counts swap apart from memory. */
const memoryProbes: Readonly<Record<string, string>> = isUnified
  ? {
      memory_reservation: "grep -qx 104857600 /sys/fs/cgroup/memory.low",
      memory_swap: "grep -qx 54525952 /sys/fs/cgroup/memory.swap.max",
      memory_swappiness: "test ! -e /sys/fs/cgroup/memory.swappiness",
    }
  : {
      memory_reservation: "grep -qx 104857600 /sys/fs/cgroup/memory/memory.soft_limit_in_bytes",
      memory_swap: "grep -qx 188743680 /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes",
      memory_swappiness: "grep -qx 60 /sys/fs/cgroup/memory/memory.swappiness",
    };

/** What a task sees of each part of the readme that this machine can show. */
const probes: Readonly<Record<string, string>> = {
  tmpfs: "grep -q ' /var tmpfs ' /proc/mounts",
  devices: "test -c /dev/net/tun",
  init: "grep -qx 'catatonit\\|podman-init' /proc/1/comm",
  logging: "echo logged",
  ...memoryProbes,
  network_mode: "test -e /sys/class/net/eth0",
  // CAP_SYS_TIME is 25, CAP_MKNOD is 27.
  cap_add: "test $((0x$(sed -n 's/^CapEff:\\s*//p' /proc/self/status) >> 25 & 1)) = 1",
  cap_drop: "test $((0x$(sed -n 's/^CapEff:\\s*//p' /proc/self/status) >> 27 & 1)) = 1",
  sysctl: "grep -qx 16384 /proc/sys/net/core/somaxconn",
  force_pull: "true",
};

/** One group for each part, each with one task. */
function toGroup(title: string, config: string, script: string): string {
  const group = `  group "${title}" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    task "${title}" {
      driver = "podman"
${config.replace("config {", 'config {\n  image = "image"')}
      resources {
        memory = 128
      }
    }
  }
`;
  return withScripts(group, { [title]: script });
}

test("the parts of the readme do in a container what they say", async () => {
  const snippets = findSnippets(await readFile(join(documents, "readme.config.hcl"), "utf8"));
  const groups = Object.entries(probes).map(([title, script]) => {
    const snippet = snippets.find((one) => one.title === title) ?? assert.fail(`no part is about ${title}`);
    return toGroup(title, snippet.text, `${script} && echo ${title} is as asked`);
  });
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", `job "readme" {\n  type = "batch"\n${groups.join("")}}\n`);
  const { code, stdout, stderr } = await workplace.runJob(job);
  for (const title of Object.keys(probes)) assert.match(stdout, new RegExp(`${title} +\\| ${title} is as asked\\n`), stderr);
  if (isUnified) assert.match(stderr, /memory_swappiness is not applied: cgroup v2 has no such setting/);
  assert.equal(code, 0, stderr);
});

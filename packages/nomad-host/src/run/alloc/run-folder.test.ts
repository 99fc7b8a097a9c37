import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";

import { createRunFolder, findDeadRunFolders } from "./run-folder.ts";

test("only folders of runs that are gone are found, and others can walk through a new one", async () => {
  const parent = await mkdtemp(join(tmpdir(), "run-folder-test-"));
  try {
    const own = await createRunFolder(parent);
    const [, , pid, ticks, namespace] = basename(own).split("-");
    // The same pid with another start time was another process.
    const dead = [join(parent, `nomad-run-${pid}-1-${namespace}-aaaaaa`)];
    const kept = [
      `nomad-run-${pid}-${ticks}-${namespace}-bbbbbb`,
      `nomad-run-${pid}-1-9-aaaaaa`,
      `nomad-run-${pid}-0-${namespace}-aaaaaa`,
      "nomad-run-notes",
    ];
    for (const path of [...dead, ...kept.map((name) => join(parent, name))]) await mkdir(path);
    await symlink(join(parent, "nomad-run-notes"), join(parent, `nomad-run-${pid}-2-${namespace}-aaaaaa`));
    assert.deepEqual(await findDeadRunFolders(parent), dead);
    assert.equal((await stat(own)).mode & 0o777, 0o711);
  } finally {
    await rm(parent, { recursive: true });
  }
});

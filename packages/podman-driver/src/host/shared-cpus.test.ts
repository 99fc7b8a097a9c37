import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { countOwnCpus } from "./shared-cpus.ts";

test("counts the cores that the kernel lets a process use, as Go does", (t) => {
  const procDir = mkdtempSync(join(tmpdir(), "proc-"));
  t.after(() => rmSync(procDir, { recursive: true }));
  assert.equal(countOwnCpus({ procDir }), availableParallelism());
  mkdirSync(join(procDir, "self"));
  writeFileSync(join(procDir, "self/status"), "Name:\tnode\nCpus_allowed:\t2f\nCpus_allowed_list:\t0-3,5\nMems_allowed_list:\t0\n");
  assert.equal(countOwnCpus({ procDir }), 5);
});

test("counts one core where the process is bound to one", () => {
  const module = import.meta.resolve("./shared-cpus.ts");
  const script = `import { countOwnCpus } from "${module}"; console.log(countOwnCpus({ procDir: "/proc" }))`;
  const args = ["-c", "0", process.execPath, "--input-type=module", "-e", script];
  assert.equal(execFileSync("taskset", args, { encoding: "utf8" }), "1\n");
});

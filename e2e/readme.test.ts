import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { CliWorkplace } from "./cli-run.ts";

const root = join(import.meta.dirname, "..");

/** Lines without what is different each time, in an order of their own: two streams have no common one. */
function toPattern(output: string): readonly string[] {
  const lines = output.split("\n").filter((line) => line !== "");
  return lines
    .map((line) =>
      line
        .replace(/allocation [0-9a-f]{8}/, "allocation ID")
        .replace(/\d+\.\d+\.\d+\.\d+:\d+/, "ADDRESS")
        .replace(/attempt \d+|\d+\.\d s$/, "N"),
    )
    .toSorted();
}

test("the hello job prints what README.md shows", async () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const shown = /```text\n(driver podman [^]*?)```/.exec(readme)?.[1] ?? "";
  await using workplace = await CliWorkplace.create();
  const { stdout, stderr } = await workplace.runJob(join(root, "examples/hello.nomad.hcl"));
  assert.deepEqual(toPattern(stdout + stderr), toPattern(shown));
});

// node e2e/cli-oracle/record-references.ts: asks the libraries that Nomad uses, in reference/, which needs Go, and writes
// their answers beside this file.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { cronQuestions } from "./cron-questions.ts";

const child = spawn("go", ["run", "."], { cwd: join(import.meta.dirname, "reference"), stdio: ["pipe", "pipe", "inherit"] });
child.stdin.end(JSON.stringify(cronQuestions));
const answers: unknown = await json(child.stdout);
await writeFile(
  join(import.meta.dirname, "cron-answers.json"),
  `${JSON.stringify({ version: "cronexpr 1.1.3", answers }, undefined, 1)}\n`,
);

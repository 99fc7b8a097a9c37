// node e2e/cli-oracle/record-references.ts: asks the libraries that Nomad uses, in reference/, which needs Go, and writes
// their answers beside this file.
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import { cronQuestions } from "./cron-questions.ts";
import { around, templateQuestions } from "./template-questions.ts";

// Times are printed by the clock of this machine.
const env = { ...process.env, TZ: "UTC" };
const child = spawn("go", ["run", "."], { cwd: join(import.meta.dirname, "reference"), env, stdio: ["pipe", "pipe", "inherit"] });
child.stdin.end(JSON.stringify({ crons: cronQuestions, templates: templateQuestions, around }));
const answers: unknown = await json(child.stdout);
const versions = { cron: "cronexpr 1.1.3", template: "consul-template 0.42.1" };
await writeFile(join(import.meta.dirname, "reference-answers.json"), `${JSON.stringify({ versions, answers }, undefined, 1)}\n`);

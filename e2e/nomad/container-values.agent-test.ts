// What a task finds in its container: the same under an agent as under `run`.
import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { testSetting } from "@driver/testing";
import fc from "fast-check";
import { startJobFile } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";
import { runProgram } from "./run-program.ts";

const runTimeoutMs = 120_000;
const cases = join(import.meta.dirname, "../../packages/nomad-host/test/cases");
/** Of the generated jobs; another one draws others. */
const seed = Number(process.env["VALUES_SEED"] ?? 1);
const jobCount = 4;
const valuesOfJob = 24;

const folder = await mkdtemp(join(testSetting("TEST_SCRATCH"), "values-"));
let agent: NomadAgent;
before(async () => (agent = await NomadAgent.start({ name: "values" })));
after(async () => agent[Symbol.asyncDispose]());

/** What came of a task: whether it ended well, and its stdout as far as it is the same everywhere. */
interface Outcome {
  readonly isWell: boolean;
  readonly lines: readonly string[];
}

/** A job of one group with one task of the same name, that is tried once. */
interface Trial {
  readonly name: string;
  readonly text: string;
}

function toTrial(text: string): Trial {
  const [, name = ""] = /task "([^"]+)"/.exec(text) ?? [];
  const restart = /\brestart \{/.test(text) ? "" : 'restart {\n attempts = 0\n mode = "fail"\n}\n';
  const once = `${restart}reschedule {\n attempts = 0\n unlimited = false\n}\n`;
  const [, head = ""] = /^( *group "[^"]+" \{)$/m.exec(text) ?? [];
  return { name, text: text.replace(/^job "[^"]+"/m, `job "${name}"`).replace(head, `${head}\n${once}`) };
}

function toLines(stdout: string): readonly string[] {
  const differing = /^(?:HOSTNAME|NOMAD_(?:ALLOC_ID|SHORT_ALLOC_ID|ALLOC_NAME|DC|REGION|CPU_LIMIT|CPU_CORES|PARENT_CGROUP))=/;
  return stdout.trimEnd().split("\n").filter((line) => !differing.test(line)).toSorted();
}

async function askAgent({ name, text }: Trial): Promise<Outcome> {
  const [allocation] = await startJobFile(agent, { name, task: name, count: 1, text });
  assert.ok(allocation !== undefined);
  const status = await allocation.untilOver(runTimeoutMs);
  const stdout = status === "complete" ? (await allocation.readLog("stdout")).toString() : "";
  return { isWell: status === "complete", lines: toLines(stdout) };
}

async function askRun({ name, text }: Trial): Promise<Outcome> {
  const path = join(folder, `${name}.nomad.hcl`);
  await writeFile(path, text);
  const args = ["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), path];
  const env = { ...process.env, TMPDIR: folder };
  const { code, stdout } = await runProgram(testSetting("TEST_PLUGIN"), args, { env, signal: AbortSignal.timeout(runTimeoutMs) });
  const prefix = new RegExp(`^${name} \\| `, "gm");
  return { isWell: code === 0, lines: toLines(code === 0 ? stdout.toString().replace(prefix, "") : "") };
}

async function assertSame(trial: Trial): Promise<Outcome> {
  const [there, here] = await Promise.all([askAgent(trial), askRun(trial)]);
  assert.deepEqual(here, there);
  return here;
}

/** Cases in whose container there is something to see, or to miss. */
const withValues = [
  ["bare-unknown-name", "dollar-escapes-in-config", "env-names-kept", "env-template-comments", "env-unknown-dotted-name"],
  ["format-g-verb", "format-rounding", "locals-twice", "template-destination-task-dir", "affinity-unknown-dotted-name"],
].flat();
const withoutContainer = ["dollar-escape-unknown-in-config", "percent-escape-in-config", "env-template-bad-lines"];

for (const [names, isWell] of [
  [withValues, true],
  [withoutContainer, false],
] as const)
  for (const name of names)
    test(`${name}: ${isWell ? "the container sees the same" : "there is no container"} under an agent and under run`, async () => {
      assert.ok((await readdir(cases)).includes(`${name}.nomad.hcl`));
      const outcome = await assertSame(toTrial(await readFile(join(cases, `${name}.nomad.hcl`), "utf8")));
      assert.equal(outcome.isWell, isWell);
    });

/** Pieces of texts as they stand in a job file. Those of the second list fail a task when they stand in `config`. */
const pieces = [
  ["a", " ", "é", "😀", "\\n", "\\t", '\\"', "\\\\", "$ ", "% ", "'", "#", "}", "/*", "//"],
  ["${NOMAD_JOB_NAME}", "${NOMAD_TASK_NAME}", "${NOMAD_META_deep}", "${attr.kernel.name}", "$${KNOWN}", "$$${KNOWN}", "$$$${KNOWN}"],
  ["${local.word}", "${var.word}", '${upper("x")}', "${1 + 2}", "${1 / 4}", "${true}", "${jsonencode({ a = [1, null] })}"],
  ['${format("%05.1f", 2.25)}', '${join("-", ["a", "b"])}', '%{ if true }y%{ else }n%{ endif }', "${NOMAD_ALLOC_INDEX}", "%%%{x}"],
].flat();
/** Which of the variables of one `env` block find each other is by chance with Nomad. */
const unknownNames = ["${nope}", "${foo.bar}", "$${nope}", "%%{x}", "${env.OTHER}"];
const piecesOfEnv = [...pieces.filter((piece) => !/KNOWN|word/.test(piece)), "$${NOMAD_META_deep}", "${local.word}", ...unknownNames];
const conditional = '$${KNOWN == \\"k v\\" ? 1 : 2}';
const piecesOfConfig = [...pieces, conditional, '$${env[\\"KNOWN\\"]}', "$${upper(KNOWN)}", "$${length([1, 2])}", "${env.KNOWN}"];
const piecesOfTemplate = [...pieces, '{{ env \\"KNOWN\\" }}', "{{ 1 }}", '{{ \\"a\\" | toUpper }}', "{{- /* c */ -}}"];

function texts(from: readonly string[]): fc.Arbitrary<readonly string[]> {
  const text = fc.array(fc.constantFrom(...from), { minLength: 1, maxLength: 6 }).map((parts) => `"${parts.join("")}"`);
  return fc.array(text, { minLength: valuesOfJob, maxLength: valuesOfJob });
}

/** Everything is shown in base64, so that no byte is lost. */
const script = [
  'for a; do printf %s "$a" | base64 -w 0; echo " arg $((i = i + 1))"; done',
  `i=0; while [ $i -lt ${valuesOfJob} ]; do eval "printf %s \\"\\$E$i\\"" | base64 -w 0; echo " env $i"`,
  'base64 -w 0 < /local/t$i; echo " file $i"; i=$((i + 1)); done',
].join("; ");

function toJob(name: string, args: readonly string[], env: readonly string[], data: readonly string[]): Trial {
  const text = `variable "word" {
  default = "v $\${KNOWN}"
}
locals {
  word = "l \${NOMAD_JOB_NAME}"
}
job "${name}" {
  type = "batch"
  meta {
    deep = "d \${NOMAD_JOB_NAME}"
  }
  group "only" {
    task "${name}" {
      driver = "podman"
      env {
        KNOWN = "k v"
${env.map((value, index) => `        E${index} = ${value}`).join("\n")}
      }
${data.map((value, index) => `      template {\n        data = ${value}\n        destination = "local/t${index}"\n      }`).join("\n")}
      config {
        image        = "${testSetting("TEST_IMAGE")}"
        network_mode = "none"
        command      = "sh"
        args = ["-c", ${JSON.stringify(script)}, "sh",
          ${args.join(",\n          ")}]
      }
      resources {
        cpu    = 20
        memory = 32
      }
    }
  }
}
`;
  return toTrial(text);
}

const drawn = fc.sample(fc.tuple(texts(piecesOfConfig), texts(piecesOfEnv), texts(piecesOfTemplate)), { seed, numRuns: jobCount });

for (const [index, [args, env, data]] of drawn.entries())
  test(`${3 * valuesOfJob} drawn values are the same under an agent and under run (seed ${seed}, job ${index})`, async () => {
    const { isWell, lines } = await assertSame(toJob(`drawn-${index}`, args, env, data));
    assert.deepEqual([isWell, lines.length], [true, 3 * valuesOfJob]);
  });

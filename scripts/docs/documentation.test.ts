import assert from "node:assert/strict";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { loadJob, loadPluginConfig } from "@driver/nomad-host";
import { encodeConfig, type ConfigBody, type ConfigSchema } from "@driver/nomad-plugin";
import { pluginSchema, taskSchema } from "@driver/podman-driver";
import { findFencedBlocks } from "./fenced-blocks.ts";

const root = join(import.meta.dirname, "../..");
const files = globSync(["*.md", "docs/**/*.md", "packages/*/README.md", "e2e/**/*.md"], { cwd: root }).toSorted();
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");

function writeBlock(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "documentation-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "example.nomad.hcl");
  writeFileSync(path, text);
  return path;
}

/** Neither names a key that takes no effect, nor asks for one in a block. */
function checkConfig<T>(schema: ConfigSchema<T>, body: ConfigBody): void {
  const names = [...body.attributes.map(({ name }) => name), ...body.blocks.map(({ type }) => type)];
  const unapplied = new Set(schema.options.filter(({ notYet }) => notYet).map(({ path }) => path));
  assert.deepEqual(names.filter((name) => unapplied.has(name)), []);
  const options = schema.decode(encodeConfig(schema.spec, body));
  assert.deepEqual(schema.whatIsSet(options).filter(({ facts }) => facts.notYet === true).map(({ path }) => path), []);
}

async function checkJob(t: TestContext, text: string): Promise<void> {
  const job = await loadJob(writeBlock(t, text), { vars: {}, varFiles: [], env: {}, signal: t.signal });
  assert.deepEqual(job.notes, []);
  for (const { config } of job.groups.flatMap(({ tasks }) => tasks)) {
    checkConfig(taskSchema, config);
  }
}

async function checkAgentConfig(t: TestContext, text: string): Promise<void> {
  const config = await loadPluginConfig(writeBlock(t, text), "nomad-driver-podman", t.signal);
  if (config === undefined) return;
  checkConfig(pluginSchema, config);
}

describe("an example in the documentation", () => {
  for (const file of files) {
    for (const { language, text, line } of findFencedBlocks(textOf(file))) {
      if (language !== "hcl") continue;
      const isJob = /^job "/m.test(text);
      test(`${file}:${line} is a ${isJob ? "job" : "plugin block"} that works today`, async (t) =>
        (isJob ? checkJob : checkAgentConfig)(t, text));
    }
  }
});

describe("the documentation", () => {
  for (const file of files) {
    test(`${file} links to files and headings that exist`, () => {
      const targets = [...textOf(file).matchAll(/\]\((?!https?:)([^)\s]*)\)/g)].map((match) => match[1] ?? "");
      assert.deepEqual(targets.filter((target) => !isThere(file, target)), []);
    });
  }
});

function isThere(file: string, target: string): boolean {
  const [path = "", heading] = target.split("#");
  const full = path === "" ? join(root, file) : join(root, dirname(file), path);
  if (!existsSync(full)) return false;
  return heading === undefined || headingsOf(readFileSync(full, "utf8")).includes(heading);
}

/** Anchors as GitHub makes them. */
function headingsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

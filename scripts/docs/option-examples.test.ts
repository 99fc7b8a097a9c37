import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { validateFile } from "@driver/cli";
import { loadPluginConfig } from "@driver/nomad-host";
import { encodeConfig, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { pluginSchema, taskSchema } from "@driver/podman-driver";
import { pluginSamples, taskSamples, type Samples } from "@driver/podman-driver/docs";
import { toExampleJob, toExampleLines, toExamplePlugin } from "./option-example.ts";
import { dockerNames, goKeys } from "./other-drivers.ts";

function write(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "option-examples-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "example.hcl");
  writeFileSync(path, text);
  return path;
}

async function problemsOf(t: TestContext, lines: readonly string[]): Promise<readonly string[]> {
  const { problems } = await validateFile({ jobPath: write(t, toExampleJob(lines)), vars: {}, varFiles: [] });
  return problems.map(({ message }) => message);
}

async function checkJob(t: TestContext, lines: readonly string[]): Promise<void> {
  assert.deepEqual(await problemsOf(t, lines), []);
}

async function checkPlugin(t: TestContext, lines: readonly string[]): Promise<void> {
  const body = (await loadPluginConfig(write(t, toExamplePlugin(lines)), "nomad-driver-podman", t.signal)) ?? assert.fail("no config");
  pluginSchema.decode(encodeConfig(pluginSchema.spec, body));
}

type Check = (t: TestContext, lines: readonly string[]) => Promise<void>;

function testAll(options: readonly OptionDoc[], samples: Samples, check: Check): void {
  for (const { path } of options.filter((option) => option.path in samples)) {
    test(`of ${path} stands there as it can be used`, async (t) => {
      const lines = toExampleLines(samples[path] ?? {});
      const [root = ""] = path.split(".");
      assert.ok(lines.some((line) => line.startsWith(`${root} = `)), lines.join("\n"));
      await check(t, lines);
    });
  }
}

describe("the example in the table of a task's config", () => testAll(taskSchema.options, taskSamples, checkJob));

describe("the example in the table of the plugin's config", () => testAll(pluginSchema.options, pluginSamples, checkPlugin));

/** Values that ask for something; of a block its keys do. */
const anyValues: Readonly<Record<string, HclValue>> = {
  ...{ string: "x", any: "x", bool: true, number: 1, "list(string)": ["x"], "map(string)": { a: "x" }, "list(map(string))": [{ a: "x" }] },
};

function configWith([key = "", ...inner]: readonly string[], value: HclValue): HclRecord {
  return { [key]: inner.length === 0 ? value : configWith(inner, value) };
}

test("a key without an example is refused whatever it says", async (t) => {
  for (const { path, type } of taskSchema.options.filter((option) => !(option.path in taskSamples) && option.type in anyValues)) {
    const lines = toExampleLines(configWith(path.split("."), anyValues[type] ?? null));
    assert.match((await problemsOf(t, lines)).join(), new RegExp(`^config key ${path.replaceAll(".", "\\.")}: `));
  }
  const withoutExample = pluginSchema.options.filter(({ path }) => !(path in pluginSamples));
  assert.deepEqual(withoutExample.filter(({ refused }) => !refused).map(({ path }) => path), []);
});

test("the keys of other drivers are keys here", () => {
  const unknown = (options: readonly OptionDoc[], names: readonly string[]): readonly string[] =>
    names.filter((name) => !options.some(({ path }) => path === name));
  assert.deepEqual(unknown(taskSchema.options, [...goKeys.task, ...Object.keys(dockerNames.task)]), []);
  assert.deepEqual(unknown(pluginSchema.options, [...goKeys.plugin, ...Object.keys(dockerNames.plugin)]), []);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeMsgpack, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { decodedOf, planOf } from "../../test/plan-of.ts";
import { resolveDriverConfig } from "../config/driver-config.ts";
import { pluginSchema } from "../config/plugin-schema.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { taskSchema } from "./task-schema.ts";

// What makes job and agent files writes keys down that it has nothing for; Go drivers take that for not set.
const emptyValues: Readonly<Record<string, readonly HclValue[]>> = {
  string: ["", null], any: ["", null], bool: [null], number: [0, null], "list(string)": [[], null], "list(map(string))": [[], [{}], null],
  "list(map(number))": [[], [{}], null], block: [{}, null], "block list": [[], null], "block of string": [{}, null],
};

/** Keys for which 0 is a value like any other, and why. */
const zeroCounts: Readonly<Record<string, string>> = {
  memory_swappiness: "0 has the kernel swap as little as it can",
  stop_timeout: "0 has podman stop kill at once",
  "log_files.max_files": "no task goes without a log file, so 0 is refused",
};

/** What a block cannot go without that may be repeated, or has a key that must be set. */
const blocks: Readonly<Record<string, HclRecord>> = {
  mount: { source: "data", target: "/data" },
  mounts: { source: "data", target: "/data" },
  networks: { name: "blue" },
  secrets: { name: "db" },
  socket: { socket_path: "/run/a.sock" },
};

function configWith([key = "", ...inner]: readonly string[], value: HclValue): HclRecord {
  return { [key]: inner.length === 0 ? value : configWith(inner, value) };
}

/** The config in which a key is set, and the one in which it is not. A key of such a block stands beside what that needs. */
function configsWith(path: string, value: HclValue, isRepeated: boolean): readonly [set: HclRecord, unset: HclRecord] {
  const [root = "", ...inner] = path.split(".");
  const needed = inner.length === 0 ? undefined : blocks[root];
  if (needed === undefined) return [configWith([root, ...inner], value), {}];
  const [set, unset] = [{ ...needed, ...configWith(inner, value) }, needed];
  return isRepeated ? [{ [root]: [set] }, { [root]: [unset] }] : [{ [root]: set }, { [root]: unset }];
}

/** Such a block is nothing without these. */
function isNeeded(path: string): boolean {
  const [root = "", key = ""] = path.split(".");
  return Object.hasOwn(blocks[root] ?? {}, key);
}

function outcomeOfTask(config: HclRecord): unknown {
  const { spec, ...plan } = planOf({ config });
  const { wanted, wishes, notices } = decodedOf({ config });
  return {
    ...plan,
    explain: undefined,
    wanted,
    wishes,
    notices,
    spec: { ...spec, labels: { ...spec.labels, [ownLabels.configHash]: "" } },
  };
}

function outcomeOfPlugin(config: HclRecord): unknown {
  return resolveDriverConfig({ msgpack: encodeMsgpack(config), apiVersion: "v0.1.0" }, { uid: 0, findUser: () => undefined });
}

function walk(options: readonly OptionDoc[], outcomeOf: (config: HclRecord) => unknown): void {
  const repeated = new Set(options.filter(({ type }) => type === "block list").map(({ path }) => path));
  for (const { path, type } of options.filter((option) => !option.required && !isNeeded(option.path))) {
    const values = (emptyValues[type] ?? assert.fail(`no empty value of the type ${type}`)).filter(
      (value) => (value !== 0 || !(path in zeroCounts)) && (type !== "block" || value === null || !(path in blocks)),
    );
    for (const value of values) {
      const [set, unset] = configsWith(path, value, repeated.has(path.split(".")[0] ?? ""));
      test(`${path} = ${JSON.stringify(value)} is not set`, () => assert.deepEqual(outcomeOf(set), outcomeOf(unset)));
    }
  }
}

test("of every block that is nothing without some keys it is known which", () => {
  const options = [...taskSchema.options, ...pluginSchema.options];
  const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("."));
  const strict = new Set(options.filter(({ path, required }) => required && path.includes(".")).map(({ path }) => parentOf(path)));
  const wanted = options.filter(({ path, type }) => type === "block list" || (type === "block" && strict.has(path)));
  assert.deepEqual(Object.keys(blocks).toSorted(), wanted.map(({ path }) => path).toSorted());
});

describe("in a task's config", () => walk(taskSchema.options, outcomeOfTask));

describe("in the plugin's config", () => walk(pluginSchema.options, outcomeOfPlugin));

test("an auth block of empty fields is not set on either side", () => {
  for (const auth of [{}, { username: "", password: "" }, { username: null, password: null, tls_verify: null }]) {
    assert.deepEqual(outcomeOfTask({ auth }), outcomeOfTask({}));
  }
  for (const auth of [{}, { config: "", helper: "" }, { config: null }]) assert.deepEqual(outcomeOfPlugin({ auth }), outcomeOfPlugin({}));
});

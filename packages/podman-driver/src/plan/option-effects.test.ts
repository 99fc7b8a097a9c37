import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, encodeMsgpack, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import { decodedOf, planOf, type Wishes } from "../../test/plan-of.ts";
import { resolveDriverConfig } from "../config/driver-config.ts";
import { pluginSchema } from "../config/plugin-schema.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { pluginSamples, taskSamples, type Samples } from "../../docs/option-samples.ts";
import { taskSchema } from "./task-schema.ts";

/** A value, or a form of one, that a key which takes effect in part does not take. */
const beyondTask: Samples = {
  image: { image: "dir:/x" },
  "logging.driver": { logging: { driver: "syslog" } },
  "logging.options": { logging: { driver: "k8s-file", options: [{ "max-files": "2" }] } },
  "logging.type": { logging: { type: "syslog" } },
  "logging.config": { logging: { type: "json-file", config: [{ "max-files": "2" }] } },
};
const beyondPlugin: Samples = {
  "logging.driver": { logging: { driver: "syslog" } },
  "logging.options": { logging: { driver: "k8s-file", options: { "max-files": "2" } } },
  "logging.type": { logging: { type: "syslog" } },
  "logging.config": { logging: { type: "json-file", config: { "max-files": "2" } } },
};

const scalarWishes: Readonly<Record<string, HclValue>> = { string: "x", any: "x", bool: true, number: 1 };

/** A value of this type that asks for something; undefined for a block, whose keys do. */
function wishOf(type: string): HclValue | undefined {
  const [, ofList, ofMap] = /^(?:list\((.*)\)|map\((.*)\))$/.exec(type.replace(/^block of (.*)$/, "map($1)")) ?? [];
  const inner = ofList ?? ofMap;
  if (inner === undefined) return scalarWishes[type];
  const one = wishOf(inner);
  return one === undefined ? undefined : ofList === undefined ? { a: one } : [one];
}

/** A config in which one key asks for something; of a block, the first key that can. */
function configWith(options: readonly OptionDoc[], { path, type }: OptionDoc): HclRecord {
  const asksInside = (option: OptionDoc): boolean => option.path.startsWith(`${path}.`) && wishOf(option.type) !== undefined;
  const inner = type === "block" ? options.find(asksInside) : undefined;
  if (inner !== undefined) return configWith(options, inner);
  const wish = wishOf(type) ?? assert.fail(`no wish for the type ${type}`);
  const [root = path, ...keys] = path.split(".");
  return { [root]: keys.reduceRight<HclValue>((value, key) => ({ [key]: value }), wish) };
}

/** The same config without one key. */
function without(config: HclRecord, [key = "", ...inner]: readonly string[]): HclRecord {
  const { [key]: value, ...others } = config;
  if (inner.length === 0) return others;
  // A block that is one of a list has lost a key when all of its kind have.
  const strip = (one: HclValue): HclValue => without(one as HclRecord, inner);
  return { ...others, [key]: Array.isArray(value) ? value.map(strip) : strip(value ?? {}) };
}

const task = { resources: { ...plainTask().resources, ports: [{ label: "http", hostPort: 20_001, to: 80, hostIp: "" }] } };

/**
 * All that follows from a task's config but its fingerprint, which changes with every key, and functions, which are made anew for
 * each plan.
 */
function outcomeOfTask(config: HclRecord): unknown {
  const given: Wishes = { config, task, facts: { version: "5.4.2", cgroupVersion: "v2" } };
  const { spec, ...plan } = planOf(given);
  return {
    ...plan,
    explain: undefined,
    findShortfalls: plan.findShortfalls !== undefined,
    wanted: decodedOf(given).wanted,
    spec: { ...spec, labels: { ...spec.labels, [ownLabels.configHash]: "" } },
  };
}

function outcomeOfPlugin(config: HclRecord): unknown {
  return resolveDriverConfig({ msgpack: encodeMsgpack(config), apiVersion: "v0.1.0" }, { uid: 0, findUser: () => undefined });
}

/** A block without effect is refused as a whole. */
function refusedPath(options: readonly OptionDoc[], path: string): string {
  return options.find((option) => (option.notYet || option.refused) && path.startsWith(`${option.path}.`))?.path ?? path;
}

/** A key that must be set cannot be left out: then the refusal is what differs. */
function orRefusal(outcome: () => unknown): unknown {
  try {
    return outcome();
  } catch (error) {
    if (error instanceof DriverError) return error.message;
    throw error;
  }
}

interface Walk {
  readonly options: readonly OptionDoc[];
  readonly samples: Samples;
  readonly beyond: Samples;
  outcomeOf(config: HclRecord): unknown;
}

/** One test for each key: it takes effect, or it is refused. */
function walk({ options, samples, beyond, outcomeOf }: Walk): void {
  const takesEffect = (path: string): void => {
    const sample = samples[path];
    assert.ok(sample !== undefined, `${path} has neither a sample nor notYet or refused: what does it do?`);
    assert.notDeepEqual(outcomeOf(sample), orRefusal(() => outcomeOf(without(sample, path.split(".")))), `${path} changes nothing`);
  };
  const isRefused = (path: string, config: HclRecord): void =>
    assert.throws(
      () => outcomeOf(config),
      (error) => error instanceof DriverError && error.code === "unsupported" && error.message.includes(path),
    );

  for (const option of options) {
    const { path, notYet, refused, only } = option;
    if (notYet || refused) {
      test(`${path} is refused when it asks for something`, () => isRefused(refusedPath(options, path), configWith(options, option)));
    }
    else test(`${path} takes effect`, () => takesEffect(path));
    if (only !== undefined) {
      test(`${path} takes effect only as far as its documentation says`, () =>
        isRefused(path, beyond[path] ?? assert.fail(`${path} has no sample beyond ${only}`)));
    }
  }

  test("no sample is of a key that does not exist or takes no effect", () => {
    const known = new Set(options.filter(({ notYet, refused }) => !notYet && !refused).map(({ path }) => path));
    assert.deepEqual([...Object.keys(samples), ...Object.keys(beyond)].filter((path) => !known.has(path)), []);
    assert.deepEqual(Object.keys(beyond).toSorted(), options.filter(({ only }) => only !== undefined).map(({ path }) => path).toSorted());
  });
}

describe("in a task's config", () =>
  walk({ options: taskSchema.options, samples: taskSamples, beyond: beyondTask, outcomeOf: outcomeOfTask }));

describe("in the plugin's config", () =>
  walk({ options: pluginSchema.options, samples: pluginSamples, beyond: beyondPlugin, outcomeOf: outcomeOfPlugin }));

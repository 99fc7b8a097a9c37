import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError, encodeMsgpack, type HclRecord, type HclValue, type OptionDoc } from "@driver/nomad-plugin";
import { refuseUnappliedKeys } from "../plan/refused-keys.ts";
import { resolveDriverConfig } from "./driver-config.ts";
import { pluginKeySupport, taskKeySupport, type KeySupport } from "./key-support.ts";
import { pluginSchema } from "./plugin-schema.ts";
import { resolveLogging } from "./resolve-logging.ts";
import { decodeTaskOptions, taskSchema } from "./task-schema.ts";

const wishes: Readonly<Record<string, HclValue>> = {
  string: "driver",
  any: "x",
  bool: true,
  number: 1,
  "list(string)": ["x"],
  "list(map(string))": [{ a: "x" }],
  "list(map(number))": [{ a: 1 }],
  "block of string": { a: "x" },
};

/** A config in which one key asks for something. */
function configWith({ path, type }: OptionDoc): HclRecord {
  const [root = path, ...inner] = path.split(".");
  return { image: "busybox", [root]: inner.reduceRight<HclValue>((value, key) => ({ [key]: value }), wishes[type] ?? null) };
}

/** Keys with a value of their own; what a block holds comes by itself. */
const isSingleValue = ({ path, type }: OptionDoc): boolean => type in wishes && !path.startsWith("socket.");

function isRefused(decode: () => unknown): boolean {
  try {
    decode();
    return false;
  } catch (error) {
    return error instanceof DriverError && error.code === "unsupported";
  }
}

/** "driver" is among the values that a limited key of these schemas does not take. */
const asksTooMuch = (support: KeySupport): boolean => support.kind !== "applied";

describe("a key of the plugin config", () => {
  for (const option of pluginSchema.options.filter(isSingleValue)) {
    const support = pluginKeySupport(option.path);
    test(`${option.path} is ${support.kind}, as its documentation says`, () => {
      const msgpack = encodeMsgpack(configWith(option));
      assert.equal(isRefused(() => resolveDriverConfig({ msgpack, apiVersion: "v0.1.0" }, 0)), asksTooMuch(support));
    });
  }
});

describe("a key of the task config", () => {
  // The forms of these two are judged where image and network are planned.
  const judgedElsewhere = ["image", "network_mode"];
  for (const option of taskSchema.options.filter(isSingleValue).filter(({ path }) => !judgedElsewhere.includes(path))) {
    const support = taskKeySupport(option.path);
    test(`${option.path} is ${support.kind}, as its documentation says`, () => {
      const options = decodeTaskOptions(encodeMsgpack(configWith(option)));
      assert.equal(isRefused(() => [refuseUnappliedKeys(options), resolveLogging(options.logging, "logging")]), asksTooMuch(support));
    });
  }
});

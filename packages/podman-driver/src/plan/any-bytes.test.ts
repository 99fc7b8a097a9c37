import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainTask } from "@driver/testing";
import fc from "fast-check";
import { checkPlugin, disturbed, pluginConfigs, refusalOfTask, someFacts, taskConfigs } from "../../test/any-config.ts";
import { plainSettings } from "../../test/plan-of.ts";
import type { EngineFacts } from "../engine/engine-facts.ts";
import { remarkOn } from "./want-task.ts";

describe("any bytes in the place of a value", () => {
  test("of a task's config give a plan or a clean error, and a check beforehand finds the same", () => {
    const check = (driverConfig: Uint8Array, facts: EngineFacts): void => {
      const refusal = refusalOfTask(driverConfig, facts);
      const { mistakes } = remarkOn(plainTask({ driverConfig }), plainSettings);
      for (const { message } of mistakes) assert.ok(refusal?.message.includes(message), message);
    };
    fc.assert(fc.property(disturbed(taskConfigs), fc.constantFrom(...someFacts), check), { numRuns: 15_000 });
  });

  test("of the plugin's config give a config or a clean error", () => {
    fc.assert(fc.property(disturbed(pluginConfigs), checkPlugin), { numRuns: 10_000 });
  });
});

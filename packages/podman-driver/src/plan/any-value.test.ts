import { describe, test } from "node:test";
import { encodeMsgpack } from "@driver/nomad-plugin";
import fc from "fast-check";
import { checkPlugin, pluginConfigs, refusalOfTask, someFacts, taskConfigs } from "../../test/any-config.ts";

// With any-bytes.test.ts 100,000 cases; in two files, as each has its time limit.
describe("any value in any place", () => {
  test("of a task's config gives a plan or a clean error", () => {
    const facts = fc.constantFrom(...someFacts);
    fc.assert(fc.property(taskConfigs, facts, (config, of) => void refusalOfTask(encodeMsgpack(config), of)), { numRuns: 45_000 });
  });

  test("of the plugin's config gives a config or a clean error", () => {
    fc.assert(fc.property(pluginConfigs, (config) => checkPlugin(encodeMsgpack(config))), { numRuns: 30_000 });
  });
});

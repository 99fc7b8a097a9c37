import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/hcl/values";
import type { DriverError } from "../driver-error.ts";
import { attr, mapAttr } from "./attr.ts";
import { block, blockList, fieldsToValue, visitFields } from "./block.ts";
import { configSchema } from "./config-schema.ts";
import { encodeMsgpack } from "./msgpack.ts";
import { toUnsetFields } from "./unset-fields.ts";

const help = "";
const fields = {
  name: attr.string({ required: true, help }),
  mode: attr.string({ default: "slow", help }),
  tty: attr.bool({ default: true, help }),
  args: attr.list("string", { help }),
  env: mapAttr("string", { secret: true, help }),
  login: block({ user: attr.string({ help }), password: attr.string({ secret: true, help }) }, { help }),
  // What its default asks for is not what the key in it comes to by itself.
  gc: block({ image: attr.bool({ default: false, help }), delay: attr.string({ help }) }, { default: { image: true }, help }),
  socket: blockList({ path: attr.string({ required: true, help }) }, { help }),
};
const schema = configSchema(fields, { title: "test config", whenEmpty: "defaults" });

function decodeAll(config: HclRecord): { readonly decoded: unknown; readonly keys: readonly (string | undefined)[] } {
  const mistakes: DriverError[] = [];
  const decoded = schema.decodeAll(encodeMsgpack(config), (mistake) => mistakes.push(mistake));
  return { decoded, keys: mistakes.map(({ configKey }) => configKey) };
}

const configs: readonly HclRecord[] = [
  { name: "a" },
  { name: "a", mode: "", tty: null, args: [], env: [], login: null, socket: [] },
  { name: "a", mode: "slow", tty: true, gc: { image: true } },
  { name: "a", mode: "fast", tty: false, args: ["x"], env: [{ a: "b" }], gc: { image: false, delay: "1m" } },
  { name: "a", login: { user: "u", password: "p" }, socket: [{ path: "/a" }, { path: "/b" }] },
];
for (const config of configs) {
  describe(`of ${JSON.stringify(config)}`, () => {
    const whole = schema.decodeValue(config);

    test("comes the same, key by key or as a whole", () => assert.deepEqual(decodeAll(config), { decoded: whole, keys: [] }));

    test("comes the same plain value as of all its fields", () => assert.deepEqual(schema.toValue(whole), fieldsToValue(fields, whole)));

    test("is told the same as by a look at all its fields", () => {
      const seen: unknown[] = [];
      visitFields(fields, whole, "", (path, facts, value) => seen.push({ path, facts, value }));
      assert.deepEqual(schema.whatIsSet(whole), seen);
      assert.deepEqual(schema.whatIsSet(schema.decodeAll(encodeMsgpack(config), assert.fail) ?? assert.fail()), seen);
    });
  });
}

test("a key that must be set is missed beside all other mistakes", () => {
  assert.deepEqual(decodeAll({ tty: "x", socket: [{}] }), { decoded: undefined, keys: ["name", "tty", "socket[0].path"] });
});

test("what a default asks for is told though nobody has set it", () => {
  assert.deepEqual(schema.whatIsSet(schema.decodeValue({ name: "a" })).map(({ path }) => path), ["name", "gc.image"]);
});

test("a mistake of the program in an option is none of the config's", () => {
  const broken = { ...attr.bool({ help }), decodeValue: () => assert.fail("broken") };
  assert.throws(() => toUnsetFields({ broken }), { name: "AssertionError" });
});

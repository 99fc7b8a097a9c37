import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Spec } from "../hclspec.ts";
import { attr, mapAttr } from "./attr.ts";
import { block, blockAttrs, blockList } from "./block.ts";
import { isRecord, type ConfigBlock, type ConfigBody, type HclRecord, type HclValue } from "@driver/hcl/values";
import { ConfigError } from "./config-error.ts";
import { configSchema } from "./config-schema.ts";
import { encodeConfig, evaluateConfig } from "./encode-config.ts";

const at = (line: number, column = 3): { readonly line: number; readonly column: number } => ({ line, column });

/** A body as a parser would give it: line n holds the n-th argument, block m is on line 100 + m. */
function bodyOf(values: HclRecord, blocks: readonly (readonly [string, ConfigBody | HclRecord, ...string[]])[] = []): ConfigBody {
  return {
    attributes: Object.entries(values).map(([name, value], index) => ({ name, value, position: at(index + 1) })),
    blocks: blocks.map(([type, body, ...labels], index): ConfigBlock => {
      const position = at(100 + index);
      return { type, labels, position, body: isBody(body) ? body : { ...bodyOf(body), position } };
    }),
    position: at(1, 1),
  };
}

function isBody(body: ConfigBody | HclRecord): body is ConfigBody {
  return "attributes" in body && "position" in body;
}

const one = (type: string, required = false): Spec => ({ kind: "object", attributes: { a: { kind: "attr", name: "a", type, required } } });
const convert = (type: string, value: HclValue): HclValue => {
  const result = evaluateConfig(one(type), bodyOf({ a: value }));
  assert.ok(isRecord(result));
  return result["a"] ?? null;
};

function errorOf(spec: Spec, body: ConfigBody): ConfigError {
  try {
    encodeConfig(spec, body);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail("the body was accepted");
}

describe("arguments", () => {
  test("values are converted as HCL does", () => {
    const table: readonly (readonly [string, HclValue, HclValue])[] = [
      ["string", 5, "5"],
      ["string", 1000, "1000"],
      ["string", 0.1, "0.1"],
      ["string", true, "true"],
      ["string", 2n ** 64n, "18446744073709551616"],
      ["bool", "true", true],
      ["bool", "0", false],
      ["bool", false, false],
      ["number", "5", 5],
      ["number", "1e3", 1000],
      ["number", 0.1, "0.1"],
      ["number", "1.5", 1.5],
      ["number", 2n ** 63n, "9223372036854775808"],
      ["list(string)", ["a", 1, true, null], ["a", "1", "true", null]],
      ["list(any)", ["x", 1], ["x", "1"]],
      ["list(any)", [1, null, 2], [1, null, 2]],
      ["list(any)", [["a"], [1, 2]], [["a"], ["1", "2"]]],
      ["map(any)", { a: "x", b: 1 }, { a: "x", b: "1" }],
      ["set(string)", ["b", "a", "b"], ["a", "b"]],
      ["set(number)", [10, 9, 10], [9, 10]],
      ["map(number)", { a: "1" }, { a: 1 }],
      ["list(map(string))", { a: 1 }, [{ a: "1" }]],
      ["list(map(string))", [{ a: "b" }, { c: "d" }], [{ a: "b" }, { c: "d" }]],
      ["map(string)", [{ a: "b" }], { a: "b" }],
      ["tuple([string, number])", [1, "2"], ["1", 2]],
      ["object({a = string, b = number})", { a: 1, b: "2", c: 3 }, { a: "1", b: 2 }],
      ["any", ["x", 1, { y: [true] }], ["x", 1, { y: [true] }]],
      ["any", "s", "s"],
      ["any", null, null],
      ["any", 0.1, "0.1"],
      ["string", null, null],
    ];
    for (const [type, value, expected] of table) assert.deepEqual(convert(type, value), expected, `${type} from ${String(value)}`);
  });

  test("what cannot be converted is refused with what is wanted", () => {
    const table: readonly (readonly [string, HclValue, RegExp])[] = [
      ["string", ["a"], /config key a must be a string, not a list/],
      ["bool", 1, /must be a bool, not 1/],
      ["bool", "True", /must be a bool, not "True"; write true or false$/],
      ["number", "0x10", /must be a number, not "0x10"/],
      ["number", true, /must be a number, not true/],
      ["list(string)", "a", /must be a list of string, not "a"; write \S+ = \["a"\]$/],
      ["list(map(string))", "a", /must be a list of map of string, not "a"; write \S+ = \{ name = "value" \}$/],
      ["map(string)", "a", /must be a map of string, not "a"; write \S+ = \{ name = "value" \}$/],
      ["list(string)", ["a", ["b"]], /config key a\[1\] must be a string, not a list/],
      ["map(string)", [{ a: "1" }, { b: "2" }], /must be a map of string, not a list/],
      ["map(number)", { k: "x" }, /config key a\.k must be a number, not "x"/],
      ["list(any)", [1, true], /must have one type/],
      ["tuple([string])", ["a", "b"], /list of exactly 1 values/],
      ["object({a = string})", {}, /lacks a/],
    ];
    for (const [type, value, expected] of table) assert.match(errorOf(one(type), bodyOf({ a: value })).message, expected);
  });

  test("a map argument may be written as a map, a block, or repeated blocks", () => {
    const spec = one("list(map(string))");
    assert.deepEqual(evaluateConfig(spec, bodyOf({ a: { k: "v" } })), { a: [{ k: "v" }] });
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["a", { k: "v" }]])), { a: [{ k: "v" }] });
    assert.deepEqual(
      evaluateConfig(
        spec,
        bodyOf({}, [
          ["a", { k: "v" }],
          ["a", { l: "w" }],
        ]),
      ),
      { a: [{ k: "v" }, { l: "w" }] },
    );
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["a", {}]])), { a: [{}] });
  });

  test("an argument written as a block is refused with the right way", () => {
    const error = errorOf(one("string"), bodyOf({}, [["a", { k: "v" }]]));
    assert.match(error.message, /a is a string, not a block: write a = …/);
    assert.deepEqual(error.position, at(100));
  });

  test("an argument given twice is refused at the second place", () => {
    assert.deepEqual(errorOf(one("list(map(string))"), bodyOf({ a: {} }, [["a", {}]])).position, at(100));
  });

  test("required means there, and null counts as there", () => {
    const error = errorOf(one("string", true), bodyOf({}));
    assert.match(error.message, /config key a is required/);
    assert.equal(error.path, "a");
    assert.deepEqual(error.position, at(1, 1));
    assert.deepEqual(evaluateConfig(one("string", true), bodyOf({ a: null })), { a: null });
  });

  test("an unknown key is named with its nearest neighbour and its position", () => {
    const spec: Spec = {
      kind: "object",
      attributes: {
        image: { kind: "attr", name: "", type: "string", required: false },
        auth: { kind: "block", name: "auth", required: false, nested: one("string") },
      },
    };
    const error = errorOf(spec, bodyOf({ image: "x", imagee: "y" }));
    assert.equal(error.message, 'config key imagee is unknown; did you mean "image"?');
    assert.deepEqual(error.position, at(2));
    assert.match(errorOf(spec, bodyOf({ quark: 1 })).message, /quark is unknown; known are auth, image/);
    const inner = errorOf(spec, bodyOf({}, [["auth", { b: 1 }]]));
    assert.equal(inner.path, "auth.b");
    assert.match(inner.message, /auth\.b is unknown; did you mean "a"\?/);
  });
});

describe("defaults", () => {
  const withDefault = (primary: Spec, source: string): Spec => ({
    kind: "object",
    attributes: { a: { kind: "default", primary, fallback: { kind: "literal", value: source } } },
  });
  const attribute: Spec = { kind: "attr", name: "a", type: "string", required: false };

  test("stand for what is absent or null, unconverted", () => {
    assert.deepEqual(evaluateConfig(withDefault(attribute, "5"), bodyOf({})), { a: 5 });
    assert.deepEqual(evaluateConfig(withDefault(attribute, '"5m"'), bodyOf({ a: null })), { a: "5m" });
    assert.deepEqual(evaluateConfig(withDefault(attribute, '"5m"'), bodyOf({ a: 7 })), { a: "7" });
  });

  test("of a block keep the literal's own shape", () => {
    const spec = withDefault(
      {
        kind: "block",
        name: "a",
        required: false,
        nested: { kind: "object", attributes: { on: { kind: "attr", name: "on", type: "bool", required: false } } },
      },
      "{ on = true }",
    );
    assert.deepEqual(evaluateConfig(spec, bodyOf({})), { a: { on: true } });
    assert.deepEqual(evaluateConfig(spec, bodyOf({ a: [] })), { a: { on: true } });
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["a", {}]])), { a: { on: null } });
  });

  test("do not help a required argument", () => {
    assert.match(errorOf(withDefault({ ...attribute, required: true }, '"x"'), bodyOf({})).message, /a is required/);
  });

  test("need their names", () => {
    assert.throws(() => encodeConfig(withDefault({ ...attribute, name: "" }, '"x"'), bodyOf({})), SyntaxError);
  });
});

const nested: Spec = {
  kind: "object",
  attributes: {
    name: { kind: "attr", name: "name", type: "string", required: true },
    n: { kind: "attr", name: "n", type: "number", required: false },
  },
};
const root = (spec: Spec): Spec => ({ kind: "object", attributes: { b: spec } });

describe("blocks", () => {
  test("a single block may be written as block, map, or list of one map", () => {
    const spec = root({ kind: "block", name: "b", required: false, nested });
    const expected = { b: { name: "x", n: null } };
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["b", { name: "x" }]])), expected);
    assert.deepEqual(evaluateConfig(spec, bodyOf({ b: { name: "x" } })), expected);
    assert.deepEqual(evaluateConfig(spec, bodyOf({ b: [{ name: "x" }] })), expected);
    assert.deepEqual(evaluateConfig(spec, bodyOf({ b: null })), { b: null });
    assert.deepEqual(evaluateConfig(spec, bodyOf({})), { b: null });
  });

  test("a second single block, a label, a scalar and a missing key are refused where they are", () => {
    const spec = root({ kind: "block", name: "b", required: true, nested });
    assert.deepEqual(
      errorOf(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }],
          ["b", { name: "y" }],
        ]),
      ).position,
      at(101),
    );
    assert.match(errorOf(spec, bodyOf({}, [["b", { name: "x" }, "label"]])).message, /takes no label, but has "label"/);
    assert.match(errorOf(spec, bodyOf({ b: 5 })).message, /b must be a block/);
    assert.match(errorOf(spec, bodyOf({})).message, /config block b is required/);
    const missing = errorOf(spec, bodyOf({}, [["b", { n: 1 }]]));
    assert.equal(missing.path, "b.name");
    assert.deepEqual(missing.position, at(100));
  });

  test("a block list is always a list, within its limits", () => {
    const spec = root({ kind: "block-list", name: "b", minItems: 0, maxItems: 2, nested });
    assert.deepEqual(evaluateConfig(spec, bodyOf({})), { b: [] });
    assert.deepEqual(evaluateConfig(spec, bodyOf({ b: { name: "x" } })), { b: [{ name: "x", n: null }] });
    assert.deepEqual(
      evaluateConfig(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }],
          ["b", { name: "y", n: 2 }],
        ]),
      ),
      {
        b: [
          { name: "x", n: null },
          { name: "y", n: 2 },
        ],
      },
    );
    assert.match(errorOf(spec, bodyOf({ b: [{ name: "1" }, { name: "2" }, { name: "3" }] })).message, /at most 2 allowed, 3 given/);
    assert.match(
      errorOf(root({ kind: "block-list", name: "b", minItems: 1, maxItems: 0, nested }), bodyOf({})).message,
      /at least 1 needed/,
    );
    assert.equal(
      errorOf(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }],
          ["b", {}],
        ]),
      ).path,
      "b[1].name",
    );
  });
});

describe("blocks of other kinds", () => {
  test("a block set drops equal blocks", () => {
    const spec = root({ kind: "block-set", name: "b", minItems: 0, maxItems: 0, nested });
    assert.deepEqual(
      evaluateConfig(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }],
          ["b", { name: "x" }],
        ]),
      ),
      { b: [{ name: "x", n: null }] },
    );
  });

  test("a block of free keys is a map, or null", () => {
    const spec = root({ kind: "block-attrs", name: "b", type: "string", required: false });
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["b", { x: 1, y: "z" }]])), { b: { x: "1", y: "z" } });
    assert.deepEqual(evaluateConfig(spec, bodyOf({}, [["b", {}]])), { b: {} });
    assert.deepEqual(evaluateConfig(spec, bodyOf({})), { b: null });
    assert.equal(errorOf(spec, bodyOf({}, [["b", bodyOf({}, [["inner", {}]])]])).path, "b.inner");
  });

  test("labelled blocks become maps by label", () => {
    const spec = root({ kind: "block-map", name: "b", labels: ["kind", "name"], nested });
    assert.deepEqual(
      evaluateConfig(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }, "k", "m"],
          ["b", { name: "y" }, "k", "n"],
        ]),
      ),
      {
        b: { k: { m: { name: "x", n: null }, n: { name: "y", n: null } } },
      },
    );
    assert.deepEqual(evaluateConfig(spec, bodyOf({ b: { k: { m: { name: "x" } } } })), { b: { k: { m: { name: "x", n: null } } } });
    assert.deepEqual(evaluateConfig(spec, bodyOf({})), { b: {} });
    assert.match(errorOf(spec, bodyOf({}, [["b", { name: "x" }, "k"]])).message, /needs a label/);
    assert.match(
      errorOf(
        spec,
        bodyOf({}, [
          ["b", { name: "x" }, "k", "m"],
          ["b", { name: "y" }, "k", "m"],
        ]),
      ).message,
      /b\.k\.m is there twice/,
    );
  });

  test("an array spec gives its values in order", () => {
    const spec: Spec = {
      kind: "array",
      values: [
        { kind: "attr", name: "x", type: "string", required: false },
        { kind: "literal", value: "[1]" },
      ],
    };
    assert.deepEqual(evaluateConfig(spec, bodyOf({ x: "a" })), ["a", [1]]);
  });
});

test("the bytes of a config are those Nomad sends", () => {
  const schema = configSchema(
    {
      image: attr.string({ required: true, help: "" }),
      labels: mapAttr("string", { help: "" }),
      volumes: block(
        { enabled: attr.bool({ default: true, help: "" }), selinuxlabel: attr.string({ help: "" }) },
        { default: { enabled: true }, help: "" },
      ),
      socket: blockList({ name: attr.string({ help: "" }) }, { help: "" }),
      options: blockAttrs("string", { help: "" }),
      pids: attr.number({ help: "" }),
    },
    { title: "config", whenEmpty: "error" },
  );
  const bytes = encodeConfig(schema.spec, bodyOf({ image: "busybox", pids: 0.1 }, [["labels", { b: 1, a: "x" }]]));
  assert.equal(
    Buffer.from(bytes).toString("hex"),
    "86" +
      "a5696d616765" +
      "a762757379626f78" +
      "a66c6162656c73" +
      "9182a161a178a162a131" +
      "a76f7074696f6e73" +
      "c0" +
      "a470696473" +
      "a3302e31" +
      "a6736f636b6574" +
      "90" +
      "a7766f6c756d6573" +
      "81a7656e61626c6564c3",
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createHclParser, createScope, evaluate, HclError, loadWasm, readConstant, readType, toValueType } from "../src/index.ts";
import type { Expression, LoadWasm } from "../src/index.ts";

// Schemas are read without the grammar. What is read so must be what the grammar reads.

/** Without the words of HashiCorp's parser, which take long to ask for. */
const load: LoadWasm = (name) => (name === "hcl2json.wasm.gz" ? Promise.reject(new Error("not wanted")) : loadWasm(name));
const parse = await createHclParser(load, { name: "case.hcl", text: "" });

async function expressionOf(text: string): Promise<Expression> {
  const { attributes } = await parse({ name: "case.hcl", text: `a = ${text}\n` });
  return attributes[0]?.expression ?? assert.fail(text);
}

async function outcomeOf(read: () => unknown): Promise<unknown> {
  try {
    return { value: await read() };
  } catch (error) {
    assert.ok(error instanceof HclError, String(error));
    return "refused";
  }
}

const blank = fc.constantFrom("", "", " ", "  ", "/* c */");
const between = fc.constantFrom(",", ", ", ",\n", "\n", " ", "\n,", " # c\n", ",,");
const key = fc.constantFrom("a", "b-c", "_d", '"e f"', '"g"', "é");
const scalar = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom("0.1", "1.50", "1e3", "-2E-3", "12345678901234567890", "1e23", "true", "false", "null", '""', '"$${a}"', '"%%{b}"'),
  fc.constantFrom('"\\n\\t\\"\\\\"', '"\\u00e9\\U0001F642"', '"\\q"', '"$a %b"', '"#"', "'a'", "01", "1.", ".5", "+1", "a.b", "1 + 2"),
);

function collection(inner: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const items = fc.tuple(blank, fc.array(inner, { maxLength: 3 }), between, fc.constantFrom("", ",", "\n"));
  const entry = fc.tuple(key, blank, fc.constantFrom("=", ":"), blank, inner).map((parts) => parts.join(""));
  const end = fc.constantFrom("", ",", "\n", ",\n");
  const entries = fc.tuple(fc.constantFrom("", "\n", " "), fc.array(entry, { maxLength: 3 }), between, end);
  return fc.oneof(
    items.map(([start, parts, join, end]) => `[${start}${parts.join(join)}${end}]`),
    entries.map(([start, parts, join, end]) => `{${start}${parts.join(join)}${end}}`),
  );
}

const literal = fc.letrec<{ value: string }>((tie) => ({ value: fc.oneof({ maxDepth: 3 }, scalar, collection(tie("value"))) })).value;

test("literals of schemas have the values that the grammar gives them", async () => {
  await fc.assert(
    fc.asyncProperty(literal, async (text) => {
      const source = { name: "case.hcl", text };
      const expected = await outcomeOf(async () => evaluate(await expressionOf(text), createScope(source, { baseDir: "/" })));
      const found = await outcomeOf(() => readConstant(source));
      if (found === "refused" && usesMore(text)) return;
      assert.deepEqual(found, expected, text);
    }),
    { numRuns: 500 },
  );
});

/** References and operators are more than a constant; a sign behind a value is an operator, also in the next line. */
function usesMore(text: string): boolean {
  return /a\.b|[\w"\]}](?:\s|# c|\/\* c \*\/)*[-+]/.test(text);
}

const simpleType = fc.constantFrom("string", "number", "bool", "any", "list", "strng", "null", '"string"');
const type = fc.letrec<{ type: string }>((tie) => {
  const inner = tie("type");
  const attribute = fc.tuple(key, blank, fc.constantFrom("=", ":"), inner).map((parts) => parts.join(""));
  return {
    type: fc.oneof(
      { maxDepth: 3 },
      simpleType,
      fc
        .tuple(fc.constantFrom("list", "set", "map", "tuple", "lst"), blank, inner, fc.constantFrom("", ","))
        .map(([name, pad, of, end]) => `${name}(${pad}${of}${end})`),
      fc.array(inner, { maxLength: 3 }).map((types) => `tuple([${types.join(", ")}])`),
      fc.tuple(fc.array(attribute, { maxLength: 3 }), between).map(([attributes, join]) => `object({${attributes.join(join)}})`),
    ),
  };
}).type;

test("types of schemas are those of the grammar", async () => {
  await fc.assert(
    fc.asyncProperty(type, async (text) => {
      const source = { name: "case.hcl", text };
      const expected = await outcomeOf(async () => toValueType(await expressionOf(text), source));
      assert.deepEqual(await outcomeOf(() => readType(source)), expected, text);
    }),
    { numRuns: 500 },
  );
});

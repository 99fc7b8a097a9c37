import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { attr, mapAttr } from "./attr.ts";
import { block, blockAttrs, blockList, type Fields } from "./block.ts";
import type { ConfigBody, ConfigBlock, HclValue } from "@driver/hcl/values";
import type { ConfigOption } from "./config-option.ts";
import { configSchema } from "./config-schema.ts";
import { encodeConfig } from "./encode-config.ts";

/** An option, a way a job file may write a value for it, and what must come out at the driver. */
interface Sample {
  readonly option: ConfigOption<unknown>;
  readonly written: { readonly argument: HclValue } | { readonly blocks: readonly ConfigBody[] } | undefined;
  readonly decoded: unknown;
}

const position = { line: 1, column: 1 };
const key = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/);
const text = fc.string();
const integer = fc.maxSafeInteger();
const help = "";

const scalar: fc.Arbitrary<Sample> = fc.oneof(
  // An empty text is a key that is not set.
  text.map((value): Sample => ({ option: attr.string({ help }), written: { argument: value }, decoded: value === "" ? undefined : value })),
  text.map((value): Sample => ({ option: attr.string({ default: value, help }), written: { argument: "" }, decoded: value })),
  fc.boolean().map((value): Sample => ({ option: attr.bool({ help }), written: { argument: value }, decoded: value })),
  fc.boolean().map((value): Sample => ({ option: attr.bool({ help }), written: { argument: String(value) }, decoded: value })),
  integer.map((value): Sample => ({ option: attr.number({ help }), written: { argument: value }, decoded: value })),
  integer.map((value): Sample => ({ option: attr.number({ help }), written: { argument: String(value) }, decoded: value })),
  integer.map((value): Sample => ({ option: attr.string({ help }), written: { argument: value }, decoded: String(value) })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value): Sample => ({ option: attr.number({ format: "float64", help }), written: { argument: value }, decoded: value + 0 })),
  text.map((value): Sample => ({ option: attr.string({ default: value, help }), written: undefined, decoded: value })),
  text.map((value): Sample => ({ option: attr.string({ default: value, help }), written: { argument: null }, decoded: value })),
  fc.constant<Sample>({ option: attr.string({ help }), written: undefined, decoded: undefined }),
);

const collection: fc.Arbitrary<Sample> = fc.oneof(
  fc.array(text).map((value): Sample => ({ option: attr.list("string", { help }), written: { argument: value }, decoded: value })),
  fc
    .dictionary(key, text)
    .map((value): Sample => ({ option: attr.map("string", { help }), written: { argument: value }, decoded: { ...value } })),
  fc
    .dictionary(key, integer)
    .map((value): Sample => ({ option: mapAttr("number", { help }), written: { argument: value }, decoded: { ...value } })),
  fc
    .array(fc.dictionary(key, text), { minLength: 1 })
    .map((maps): Sample => ({ option: mapAttr("string", { help }), written: { blocks: maps.map(bodyOf) }, decoded: merged(maps) })),
  fc
    .dictionary(key, text)
    .map((value): Sample => ({ option: blockAttrs("string", { help }), written: { blocks: [bodyOf(value)] }, decoded: { ...value } })),
);

const { sample } = fc.letrec<{ sample: Sample; fields: Readonly<Record<string, Sample>> }>((tie) => ({
  sample: fc.oneof(
    { maxDepth: 3 },
    scalar,
    collection,
    (tie("fields") as fc.Arbitrary<Readonly<Record<string, Sample>>>).chain(blockSample),
  ),
  fields: fc.dictionary(key, tie("sample") as fc.Arbitrary<Sample>, { maxKeys: 4 }),
}));

function blockSample(samples: Readonly<Record<string, Sample>>): fc.Arbitrary<Sample> {
  const fields = fieldsOf(samples);
  const decoded = decodedOf(samples);
  return fc.constantFrom<Sample>(
    { option: block(fields, { help }), written: { blocks: [assemble(samples)] }, decoded },
    { option: block(fields, { help }), written: undefined, decoded: undefined },
    { option: blockList(fields, { help }), written: { blocks: [assemble(samples), assemble(samples)] }, decoded: [decoded, decoded] },
    { option: blockList(fields, { help }), written: undefined, decoded: [] },
  );
}

test("what a job file writes for any schema arrives at the driver, and reads back from its plain value", () => {
  fc.assert(
    fc.property(fc.dictionary(key, sample, { maxKeys: 5 }), (samples) => {
      const schema = configSchema(fieldsOf(samples), { title: "config", whenEmpty: "error" });
      const config = schema.decode(encodeConfig(schema.spec, assemble(samples)));
      assert.deepEqual(config, decodedOf(samples));
      assert.deepEqual(schema.decodeValue(schema.toValue(config)), config);
    }),
    { numRuns: 300 },
  );
});

function fieldsOf(samples: Readonly<Record<string, Sample>>): Fields {
  return Object.fromEntries(Object.entries(samples).map(([name, { option }]) => [name, option]));
}

function decodedOf(samples: Readonly<Record<string, Sample>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(samples).map(([name, { decoded }]) => [name, decoded]));
}

function assemble(samples: Readonly<Record<string, Sample>>): ConfigBody {
  const written = Object.entries(samples).map(([name, { written: form }]) => ({ name, form }));
  return {
    attributes: written.flatMap(({ name, form }) =>
      form !== undefined && "argument" in form ? [{ name, value: form.argument, position }] : [],
    ),
    blocks: written.flatMap(({ name, form }) =>
      form !== undefined && "blocks" in form ? form.blocks.map((body): ConfigBlock => ({ type: name, labels: [], body, position })) : [],
    ),
    position,
  };
}

function bodyOf(values: Readonly<Record<string, HclValue>>): ConfigBody {
  return { attributes: Object.entries(values).map(([name, value]) => ({ name, value, position })), blocks: [], position };
}

function merged(maps: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  return Object.fromEntries(maps.flatMap((map) => Object.entries(map)));
}

import { create, fromBinary, ScalarType, toBinary } from "@bufbuild/protobuf";
import type { DescField, DescFile, DescMessage, Message } from "@bufbuild/protobuf";
import type { MessageForm } from "@driver/go-plugin/forms";
import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as baseForms from "../src/gen/base_forms.ts";
import { BasePlugin, file_base } from "../src/gen/base_pb.ts";
import * as driverForms from "../src/gen/driver_forms.ts";
import { Driver, file_driver } from "../src/gen/driver_pb.ts";
import * as typeForms from "../src/gen/driver_types_forms.ts";
import { file_driver_types } from "../src/gen/driver_types_pb.ts";
import * as specForms from "../src/gen/hclspec_forms.ts";
import { file_hclspec } from "../src/gen/hclspec_pb.ts";
import * as structForms from "../src/gen/structs_forms.ts";
import { file_structs } from "../src/gen/structs_pb.ts";

// The forms against the library's own coding of the same messages, both made from the .proto files.

const files: readonly (readonly [DescFile, Readonly<Record<string, unknown>>])[] = [
  [file_base, baseForms],
  [file_driver, driverForms],
  [file_driver_types, typeForms],
  [file_hclspec, specForms],
  [file_structs, structForms],
];

function messagesOf(messages: readonly DescMessage[]): DescMessage[] {
  return messages.flatMap((message) => [message, ...messagesOf(message.nestedMessages)]);
}

const scalars: Readonly<Partial<Record<ScalarType, fc.Arbitrary<unknown>>>> = {
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.UINT32]: fc.nat(0xffff_ffff),
  [ScalarType.INT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.DOUBLE]: fc.oneof(fc.constantFrom(0, -0), fc.double()),
  [ScalarType.STRING]: fc.oneof(fc.constantFrom("", "__proto__", "n\u00e4me \u{1F433}"), fc.string()),
  [ScalarType.BYTES]: fc.uint8Array({ maxLength: 20 }),
};

/** What a field may hold besides being left out; nested messages down to a depth. */
function valueOf({ scalar, message, enum: listed }: DescField, depth: number): fc.Arbitrary<unknown> {
  if (message !== undefined) return depth > 3 ? fc.constant({}) : initOf(message, depth + 1);
  if (listed !== undefined) return fc.oneof(fc.constantFrom(...listed.values.map(({ number }) => number)), fc.integer());
  return scalars[scalar ?? ScalarType.STRING] ?? assert.fail(`no values of type ${scalar}`);
}

function fieldOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const value = valueOf(field, depth);
  if (field.fieldKind === "list") return fc.array(value, { maxLength: 3 });
  return field.fieldKind === "map" ? fc.dictionary(fc.string(), value, { maxKeys: 3, noNullPrototype: true }) : value;
}

function initOf(message: DescMessage, depth = 0): fc.Arbitrary<object> {
  const members = message.members.map((member): [string, fc.Arbitrary<unknown>] =>
    member.kind === "field"
      ? [member.localName, fieldOf(member, depth)]
      : [
          member.localName,
          fc.oneof(...member.fields.map((field) => valueOf(field, depth).map((value) => ({ case: field.localName, value })))),
        ],
  );
  return fc.record(Object.fromEntries(members), { requiredKeys: [], noNullPrototype: true });
}

/** A message as the forms have it: without its name, and a missing message as no property or an undefined one. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).filter(([key, item]) => key !== "$typeName" && item !== undefined);
  const own: Record<string, unknown> = {};
  for (const [key, item] of entries) Object.defineProperty(own, key, { value: plain(item), enumerable: true });
  return own;
}

for (const [file, forms] of files) {
  for (const message of messagesOf(file.messages)) {
    const name = message.typeName.slice(file.proto.package.length + 1).replaceAll(".", "_");
    test(`${message.typeName} is written and read as the library does`, () => {
      const form = forms[`${name}Form`] as MessageForm | undefined;
      assert.ok(form !== undefined);
      assert.equal(form.typeName, message.typeName);
      fc.assert(
        fc.property(initOf(message), (init) => {
          const bytes = toBinary(message, create(message, init as Record<string, never>));
          assert.deepEqual(Buffer.from(form.encode(init)), Buffer.from(bytes));
          assert.deepEqual(plain(form.decode(bytes)), plain(fromBinary(message, bytes)));
        }),
        { numRuns: 60 },
      );
    });
  }
}

test("a message that comes in parts is put together, as the library does it", () => {
  const { TaskConfigForm } = typeForms;
  const schema = file_driver_types.messages.find(({ name }) => name === "TaskConfig") ?? assert.fail("no TaskConfig");
  const parts = [
    { id: "a", env: { one: "1" }, resources: { linuxResources: { cpuShares: 1n } } },
    { name: "b", env: { one: "2", two: "3" }, resources: { linuxResources: { memoryLimitBytes: 2n }, ports: [{ label: "x" }] } },
  ].map((part) => TaskConfigForm.encode(part));
  const read: Message = fromBinary(schema, Buffer.concat(parts));
  assert.deepEqual(plain(TaskConfigForm.decode(Buffer.concat(parts))), plain(read));
});

test("numbers of a list are read packed and one by one", () => {
  const form = typeForms.CPUUsageForm;
  const packed = form.encode({ measuredFields: [1, 2, 300] });
  const field = file_driver_types.messages.find(({ name }) => name === "CPUUsage")?.field["measuredFields"]?.number ?? 0;
  const single = Buffer.from([1, 2].flatMap((value) => [field << 3, value]));
  assert.deepEqual(form.decode(Buffer.concat([single, packed]))["measuredFields"], [1, 2, 1, 2, 300]);
});

test("fields of later versions are kept, and go on with the message", () => {
  const known = { id: "a", resources: { linuxResources: { cpuShares: 1n } } };
  const later = Buffer.from([0xf8, 0x3f, 1, 0xfa, 0x3f, 2, 7, 7]);
  const body = Buffer.concat([typeForms.TaskConfigForm.encode(known), later]);
  const read = typeForms.TaskConfigForm.decode(body);
  const schema = file_driver_types.messages.find(({ name }) => name === "TaskConfig") ?? assert.fail("no TaskConfig");
  assert.deepEqual(read.$unknown, fromBinary(schema, body).$unknown);
  assert.deepEqual(Buffer.from(typeForms.TaskConfigForm.encode(read)), body);
});

for (const [what, body] of [
  ["is cut off", Buffer.of(0x1a, 9, 0x61)],
  ["is no UTF-8", Buffer.of(0x0a, 1, 0xff)],
] as const) {
  test(`a text that ${what} is an error, as it is for the library`, () => {
    assert.throws(() => driverForms.StopTaskRequestForm.decode(body));
    assert.throws(() => fromBinary(Driver.method.stopTask.input, body));
  });
}

test("the services have the described methods", () => {
  for (const [service, form] of [
    [BasePlugin, baseForms.BasePluginForm],
    [Driver, driverForms.DriverForm],
  ] as const) {
    const described = service.methods.map(({ localName, name, methodKind, input, output }) => [
      localName,
      { name, kind: methodKind, input: input.typeName, output: output.typeName },
    ]);
    const formed = Object.entries(form.methods).map(([name, { input, output, ...method }]) => [
      name,
      { ...method, input: input.typeName, output: output.typeName },
    ]);
    assert.deepEqual(formed, described);
    assert.equal(form.typeName, service.typeName);
  }
});

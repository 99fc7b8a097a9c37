import type { MessageInitShape } from "@bufbuild/protobuf";
import { DriverError } from "../driver-error.ts";
import type { Spec as SpecMessage, SpecSchema } from "../gen/hclspec_pb.ts";
import type { Spec } from "../hclspec.ts";
import { toUint64 } from "./numbers.ts";

type SpecInit = MessageInitShape<typeof SpecSchema>;

/** A schema as its protobuf message. */
export function toSpecMessage(spec: Spec): SpecInit {
  switch (spec.kind) {
    case "object":
      return { block: { case: "object", value: { attributes: mapValues(spec.attributes, toSpecMessage) } } };
    case "array":
      return { block: { case: "array", value: { values: spec.values.map(toSpecMessage) } } };
    case "attr":
      return { block: { case: "Attr", value: { name: spec.name, type: spec.type, required: spec.required } } };
    case "block":
      return { block: { case: "blockValue", value: { name: spec.name, required: spec.required, nested: toSpecMessage(spec.nested) } } };
    case "block-attrs":
      return { block: { case: "blockAttrs", value: { name: spec.name, type: spec.type, required: spec.required } } };
    case "block-list":
      return { block: { case: "blockList", value: toItems(spec) } };
    case "block-set":
      return { block: { case: "blockSet", value: toItems(spec) } };
    case "block-map":
      return { block: { case: "blockMap", value: { name: spec.name, labels: [...spec.labels], nested: toSpecMessage(spec.nested) } } };
    case "default":
      return { block: { case: "default", value: { primary: toSpecMessage(spec.primary), default: toSpecMessage(spec.fallback) } } };
    case "literal":
      return { block: { case: "literal", value: { value: spec.value } } };
  }
}

function toItems(spec: Extract<Spec, { kind: "block-list" | "block-set" }>) {
  return { name: spec.name, minItems: toUint64(spec.minItems), maxItems: toUint64(spec.maxItems), nested: toSpecMessage(spec.nested) };
}

/** A schema from its protobuf message; rejects one whose parts are missing. */
export function fromSpecMessage(message: SpecMessage): Spec {
  const { block } = message;
  switch (block.case) {
    case "object":
      return { kind: "object", attributes: mapValues(block.value.attributes, fromSpecMessage) };
    case "array":
      return { kind: "array", values: block.value.values.map(fromSpecMessage) };
    case "Attr":
      return { kind: "attr", name: block.value.name, type: block.value.type, required: block.value.required };
    case "blockValue":
      return {
        kind: "block",
        name: block.value.name,
        required: block.value.required,
        nested: fromNested(block.value.nested, block.value.name),
      };
    case "blockAttrs":
      return { kind: "block-attrs", name: block.value.name, type: block.value.type, required: block.value.required };
    case "blockList":
      return { kind: "block-list", ...fromItems(block.value) };
    case "blockSet":
      return { kind: "block-set", ...fromItems(block.value) };
    case "blockMap":
      return {
        kind: "block-map",
        name: block.value.name,
        labels: block.value.labels,
        nested: fromNested(block.value.nested, block.value.name),
      };
    case "default":
      return { kind: "default", primary: fromNested(block.value.primary, "default"), fallback: fromNested(block.value.default, "default") };
    case "literal":
      return { kind: "literal", value: block.value.value };
    case undefined:
      throw new DriverError("failed", "hclspec: a spec without any kind of block");
  }
}

function fromItems(items: {
  readonly name: string;
  readonly minItems: bigint;
  readonly maxItems: bigint;
  readonly nested?: SpecMessage | undefined;
}) {
  return {
    name: items.name,
    minItems: Number(items.minItems),
    maxItems: Number(items.maxItems),
    nested: fromNested(items.nested, items.name),
  };
}

function fromNested(nested: SpecMessage | undefined, name: string): Spec {
  if (nested === undefined) throw new DriverError("failed", `hclspec: block ${JSON.stringify(name)} has no nested spec`);
  return fromSpecMessage(nested);
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, convert: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value)]));
}

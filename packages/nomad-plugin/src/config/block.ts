import { DriverError } from "../driver-error.ts";
import type { Spec } from "../hclspec.ts";
import { decodeRecord, toRecordOrNull, type ElementType, type ElementTypes, type Present } from "./attr.ts";
import { isList, isRecord, type HclRecord, type HclValue } from "@driver/hcl/values";
import {
  asksForSomething,
  factsRow,
  misfit,
  missingBlock,
  type ConfigOption,
  type Infer,
  type OptionDoc,
  type OptionFacts,
  type SeeOption,
} from "./config-option.ts";
import { toLiteralSource } from "@driver/hcl/values";

/** The keys of a block, by name. */
export type Fields = Readonly<Record<string, ConfigOption<unknown>>>;
export type InferFields<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> };

export interface BlockFacts extends OptionFacts {
  readonly required?: true;
  /** What stands for the block when it is left out; it may lack keys. */
  readonly default?: HclRecord;
}

/** A block that is there at most once. Without a default it decodes to undefined when it is left out. */
export function block<const F extends Fields, const O extends BlockFacts>(fields: F, facts: O): ConfigOption<Present<InferFields<F>, O>> {
  return {
    spec: (name) => blockSpec(name, fields, facts),
    decodeValue(value, path) {
      const given = value ?? facts.default;
      if (given !== undefined) return decodeFields(fields, given, path);
      if (facts.required === true) throw new DriverError("config-invalid", missingBlock(path), { configKey: path });
      return undefined as Present<InferFields<F>, O>;
    },
    toValue: (value) => (value === undefined ? null : fieldsToValue(fields, value as InferFields<F>)),
    visit(value, path, see) {
      if (isOfNoEffect(facts) && asksForSomething(value)) see(path, facts);
      else if (value !== undefined) visitFields(fields, value as InferFields<F>, `${path}.`, see);
    },
    docs(path) {
      const rows = docsOfFields(fields, `${path}.`);
      return [docRow(path, "block", facts), ...rows.map((row) => (isOfNoEffect(facts) ? { ...row, ...shareOf(facts) } : row))];
    },
  };
}

/** A block that may be repeated. */
export function blockList<const F extends Fields>(fields: F, facts: OptionFacts): ConfigOption<readonly InferFields<F>[]> {
  return {
    spec: (name) => ({ kind: "block-list", name, minItems: 0, maxItems: 0, nested: fieldsSpec(fields) }),
    decodeValue(value, path) {
      if (value === undefined || value === null) return [];
      if (!isList(value)) throw misfit(path, value, "must be a list of blocks");
      return value.map((entry, index) => decodeFields(fields, entry, `${path}[${index}]`));
    },
    toValue: (value) => value.map((entry) => fieldsToValue(fields, entry)),
    visit(value, path, see) {
      if (value.length > 0) see(path, facts);
      for (const [index, entry] of value.entries()) visitFields(fields, entry, `${path}[${index}].`, see);
    },
    docs: (path) => [docRow(path, "block list", facts), ...docsOfFields(fields, `${path}.`)],
  };
}

/** A block with keys of the user's choice, all of one type. */
export function blockAttrs<E extends ElementType>(element: E, facts: OptionFacts): ConfigOption<Readonly<Record<string, ElementTypes[E]>>> {
  return {
    spec: (name) => ({ kind: "block-attrs", name, type: element, required: false }),
    decodeValue: (value, path) => (value === undefined || value === null ? {} : decodeRecord(value, element, path)),
    toValue: toRecordOrNull,
    visit(value, path, see) {
      if (asksForSomething(value)) see(path, facts);
    },
    docs: (path) => [docRow(path, `block of ${element}`, facts)],
  };
}

export function fieldsSpec(fields: Fields): Spec {
  return { kind: "object", attributes: Object.fromEntries(Object.entries(fields).map(([name, option]) => [name, option.spec(name)])) };
}

/** Keys that no field has are ignored: a newer Nomad or schema may send them. */
export function decodeFields<F extends Fields>(fields: F, value: HclValue, path: string): InferFields<F> {
  if (!isRecord(value)) throw misfit(path, value, "must be a map of its keys");
  const prefix = path === "" ? "" : `${path}.`;
  const config: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(fields)) config[name] = option.decodeValue(valueOf(value, name), `${prefix}${name}`);
  return config as InferFields<F>;
}

/** What a map has under a name of its own; null where it has none. */
export function valueOf(record: HclRecord, name: string): HclValue {
  return (Object.hasOwn(record, name) ? record[name] : null) ?? null;
}

export function fieldsToValue<F extends Fields>(fields: F, value: InferFields<F>): HclRecord {
  const plain: Record<string, HclValue> = {};
  for (const [name, option] of Object.entries(fields)) {
    const given = option.toValue(value[name]);
    if (given !== undefined) plain[name] = given;
  }
  return plain;
}

export function visitFields<F extends Fields>(fields: F, value: InferFields<F>, prefix: string, see: SeeOption): void {
  for (const [name, option] of Object.entries(fields)) option.visit(value[name], `${prefix}${name}`, see);
}

export function docsOfFields(fields: Fields, prefix: string): OptionDoc[] {
  return Object.entries(fields).flatMap(([name, option]) => option.docs(`${prefix}${name}`));
}

function blockSpec(name: string, fields: Fields, facts: BlockFacts): Spec {
  const primary: Spec = { kind: "block", name, required: facts.required === true, nested: fieldsSpec(fields) };
  if (facts.default === undefined) return primary;
  return { kind: "default", primary, fallback: { kind: "literal", value: toLiteralSource(facts.default) } };
}

/** What a block asks for is refused as a whole. */
function isOfNoEffect({ notYet, refused }: BlockFacts): boolean {
  return notYet === true || refused !== undefined;
}

function shareOf({ notYet, refused }: BlockFacts): Pick<OptionDoc, "notYet" | "refused"> {
  return { notYet: notYet === true, refused: refused !== undefined };
}

function docRow(path: string, type: string, facts: BlockFacts): OptionDoc {
  const source = facts.default === undefined ? undefined : toLiteralSource(facts.default);
  return { path, type, default: source, required: facts.required === true, ...factsRow(facts) };
}

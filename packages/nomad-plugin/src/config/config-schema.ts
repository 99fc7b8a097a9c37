import { messageOf } from "@driver/std";
import { DriverError } from "../driver-error.ts";
import type { Spec } from "../hclspec.ts";
import { decodeFields, docsOfFields, fieldsSpec, fieldsToValue, valueOf, visitFields, type Fields, type InferFields } from "./block.ts";
import { isRecord, describeKind, type HclRecord, type HclValue } from "@driver/hcl/values";
import type { OptionDoc, OptionFacts, SeeOption } from "./config-option.ts";
import { decodeMsgpack } from "./msgpack.ts";
import { toUnsetFields, type UnsetFields } from "./unset-fields.ts";

/** A whole config, plugin's or task's, with everything that follows from its declaration. */
export interface ConfigSchema<T> {
  /** What the plugin sends to Nomad. */
  readonly spec: Spec;
  /** Rows for the option tables, in the order of declaration. */
  readonly options: readonly OptionDoc[];
  /** Decodes what Nomad sends. Throws a `DriverError` `config-invalid` that names key, value and remedy. */
  decode(msgpack: Uint8Array): T;
  /** Decodes like `decode`, but tells every key that is wrong, and not only the first. Undefined when there was one. */
  decodeAll(msgpack: Uint8Array, onMistake: (mistake: DriverError) => void): T | undefined;
  /** Decodes a plain value as if it had come from Nomad. */
  decodeValue(value: HclValue): T;
  /** The plain value again, without secrets. `decodeValue` reads it back. */
  toValue(config: T): HclRecord;
  /** What the config sets, in the order of declaration: the path of each option and what its declaration says. */
  whatIsSet(config: T): readonly SetOption[];
}

export interface SetOption {
  readonly path: string;
  readonly facts: OptionFacts;
  /** Undefined for a block and for a secret. */
  readonly value: unknown;
}

export interface SchemaFacts {
  /** What messages call it, e.g. `task config`. */
  readonly title: string;
  /** What no bytes at all mean: an error, or every default. Nomad sends none for a plugin without a config block. */
  readonly whenEmpty: "error" | "defaults";
}

/** Makes a schema of its fields. */
export function configSchema<const F extends Fields>(fields: F, facts: SchemaFacts): ConfigSchema<InferFields<F>> {
  let found: UnsetFields | undefined;
  const unset = (): UnsetFields => (found ??= toUnsetFields(fields));
  return {
    spec: fieldsSpec(fields),
    options: docsOfFields(fields, ""),
    decode: (msgpack) => decodeRoot(fields, readMsgpack(msgpack, facts), facts),
    decodeAll: (msgpack, onMistake) => decodeEach(fields, () => readMsgpack(msgpack, facts), { facts, unset: unset(), onMistake }),
    decodeValue: (value) => decodeRoot(fields, value, facts),
    toValue: (config) => ({ ...unset().plain, ...fieldsToValue(fieldsSetBy(config, fields, unset()), config) }),
    whatIsSet(config) {
      const set: SetOption[] = [];
      const see: SeeOption = (path, optionFacts, value) => void set.push({ path, facts: optionFacts, value });
      visitFields(fieldsSetBy(config, fields, unset()), config, "", see);
      return set;
    },
  };
}

/** Null stands for a config in which nothing is set. */
function decodeRoot<F extends Fields>(fields: F, value: HclValue, facts: SchemaFacts): InferFields<F> {
  if (value === null || isRecord(value)) return decodeFields(fields, value ?? {}, "");
  throw new DriverError("config-invalid", `read the ${facts.title}: ${describeKind(value)} came, not a map of its keys`);
}

/**
 * The fields of a config that are not what they are when nothing is set, in the order of declaration. Blocks and lists that were read
 * are values of their own, whatever is in them.
 */
function fieldsSetBy<F extends Fields>(config: InferFields<F>, fields: F, unset: UnsetFields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => config[name] !== unset.config[name]));
}

interface EachOptions {
  readonly facts: SchemaFacts;
  readonly unset: UnsetFields;
  readonly onMistake: (mistake: DriverError) => void;
}

/** One key after the other, as if it were the only one; then all of them. */
function decodeEach<F extends Fields>(
  fields: F,
  read: () => HclValue,
  { facts, unset, onMistake }: EachOptions,
): InferFields<F> | undefined {
  let isWrong = false;
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      isWrong = true;
      onMistake(error);
      return undefined;
    }
  };
  const value = attempt(read);
  if (value === undefined) return undefined;
  if (value !== null && !isRecord(value)) return attempt(() => decodeRoot(fields, value, facts));
  const config: Record<string, unknown> = { ...unset.config };
  for (const [name, option] of Object.entries(fields)) {
    const given = valueOf(value ?? {}, name);
    if (given !== null || unset.telling.has(name)) config[name] = attempt(() => option.decodeValue(given, name));
  }
  return isWrong ? undefined : (config as InferFields<F>);
}

function readMsgpack(msgpack: Uint8Array, facts: SchemaFacts): HclValue {
  if (msgpack.length === 0 && facts.whenEmpty === "defaults") return null;
  try {
    return decodeMsgpack(msgpack);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new DriverError("config-invalid", `read the ${facts.title}: not a msgpack value that Nomad sends: ${reason}`, { cause });
  }
}

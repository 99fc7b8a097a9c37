import { describeKind, describeValue, isList, isRecord, toBool, toNumber, toText } from "@driver/hcl";
import type { HclValue, Position, SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import { titleOf } from "./check-block.ts";
import { parseDurationMs } from "./duration.ts";

/** Reads the arguments of one block with their types; each getter is undefined for an absent or null argument. */
export class BlockReader {
  readonly block: ConfigBlock;
  readonly source: SourceFile;

  constructor(block: ConfigBlock, source: SourceFile) {
    this.block = block;
    this.source = source;
  }

  /** The block's only label. */
  get label(): string {
    return this.block.labels[0] ?? "";
  }

  string(name: string): string | undefined {
    return this.#read(name, "a string", toText);
  }

  bool(name: string): boolean | undefined {
    return this.#read(name, "true or false", toBool);
  }

  /** A whole number; `min` and `max` are allowed themselves. */
  integer(name: string, range: { readonly min?: number; readonly max?: number } = {}): number | undefined {
    const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range;
    return this.#read(name, describeRange(range), (value) => {
      const number = toNumber(value);
      return typeof number === "number" && Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
    });
  }

  /** Milliseconds. */
  durationMs(name: string): number | undefined {
    return this.#read(name, 'a duration such as "30s" or "1h30m"', (value) => {
      const durationMs = typeof value === "string" ? parseDurationMs(value) : undefined;
      return durationMs !== undefined && durationMs >= 0 ? durationMs : undefined;
    });
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return this.#read(name, `one of ${choices.join(", ")}`, (value) => choices.find((choice) => choice === value));
  }

  strings(name: string): readonly string[] | undefined {
    return this.#read(name, "a list of strings", (value) => {
      const texts = isList(value) ? value.map(toText) : [undefined];
      return texts.every((text) => text !== undefined) ? texts : undefined;
    });
  }

  /** A map of strings, written as a block (`env { … }`) or as an argument (`env = { … }`). */
  stringMap(name: string): Readonly<Record<string, string>> {
    const attribute = this.block.body.attributes.find((candidate) => candidate.name === name);
    const block = this.block.body.blocks.find((candidate) => candidate.type === name);
    if (attribute !== undefined && block !== undefined)
      throw this.error(`${name}: given as a block and as an argument; use one of them`, block.position);
    if (attribute !== undefined) return this.#mapOfAttribute(name, attribute.value, attribute.position);
    const inner = block?.body.blocks[0];
    if (inner !== undefined) throw this.error(`block ${inner.type} in ${name}: only arguments may stand here`, inner.position);
    return Object.fromEntries(
      (block?.body.attributes ?? []).map((entry) => [entry.name, this.#mapValue(`${name} ${entry.name}`, entry.value, entry.position)]),
    );
  }

  blocks(type: string): readonly BlockReader[] {
    return this.block.body.blocks.filter((block) => block.type === type).map((block) => new BlockReader(block, this.source));
  }

  optionalBlock(type: string): BlockReader | undefined {
    return this.blocks(type)[0];
  }

  /** An error at an argument's place, or at the block's when it is absent. */
  error(message: string, at: Position | string = this.block.position): JobFileError {
    const attribute = typeof at === "string" ? this.block.body.attributes.find((candidate) => candidate.name === at) : undefined;
    const position = typeof at === "string" ? (attribute?.position ?? this.block.position) : at;
    return new JobFileError(message, { code: "invalid", source: this.source, position });
  }

  #read<T>(name: string, wanted: string, convert: (value: HclValue) => T | undefined): T | undefined {
    const attribute = this.block.body.attributes.find((candidate) => candidate.name === name);
    if (attribute === undefined || attribute.value === null) return undefined;
    const value = convert(attribute.value);
    if (value !== undefined) return value;
    throw this.error(`argument ${name} in ${titleOf(this.block)}: must be ${wanted}, not ${describeValue(attribute.value)}`, name);
  }

  #mapOfAttribute(name: string, value: HclValue, position: Position): Readonly<Record<string, string>> {
    if (value === null) return {};
    if (!isRecord(value))
      throw this.error(`argument ${name} in ${titleOf(this.block)}: must be a map of strings, not ${describeKind(value)}`, position);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#mapValue(`${name} ${key}`, item, position)]));
  }

  #mapValue(what: string, value: HclValue, position: Position): string {
    const text = toText(value);
    if (text === undefined) throw this.error(`${what} in ${titleOf(this.block)}: must be a string, not ${describeKind(value)}`, position);
    return text;
  }
}

function describeRange(range: { readonly min?: number; readonly max?: number }): string {
  if (range.min !== undefined && range.max !== undefined) return `a whole number from ${range.min} to ${range.max}`;
  return range.min === undefined ? "a whole number" : `a whole number from ${range.min} on`;
}

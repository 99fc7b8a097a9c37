import { describeKind, describeValue, isRecord, toText } from "@driver/hcl";
import type { HclValue, Position, SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { BlockKind, FreeKind, JobKey, JobKeys, KeyKind, MapKind, ValueKind } from "./keys/job-key.ts";
import { titleOf } from "./title-of.ts";

type KindOf<K> = K extends JobKey<infer Kind> ? Kind : never;
type NamesOf<K extends JobKeys, Kind extends KeyKind> = { [N in keyof K]: KindOf<K[N]> extends Kind ? N : never }[keyof K] & string;
type ValueOf<K> = KindOf<K> extends ValueKind<infer T> ? T : never;
type InnerKeys<K> = KindOf<K> extends BlockKind<infer Inner> ? Inner : JobKeys;

/** Reads one block by its keys, which say the types. */
export class BlockReader<K extends JobKeys> {
  readonly block: ConfigBlock;
  readonly keys: K;
  readonly source: SourceFile;

  constructor(block: ConfigBlock, keys: K, source: SourceFile) {
    this.block = block;
    this.keys = keys;
    this.source = source;
  }

  /** The block's only label. */
  get label(): string {
    return this.block.labels[0] ?? "";
  }

  /** An argument's value; undefined for an absent or null one. */
  get<N extends NamesOf<K, ValueKind<unknown>>>(name: N): ValueOf<K[N]> | undefined {
    const attribute = this.block.body.attributes.find((candidate) => candidate.name === name);
    const kind = this.keys[name]?.kind;
    if (attribute === undefined || attribute.value === null || kind?.form !== "argument") return undefined;
    const value = kind.read(attribute.value);
    // The type of a key is what its own kind reads; the table is looked up by a name here, so the compiler cannot follow.
    if (value !== undefined) return value as ValueOf<K[N]>;
    throw this.error(`argument ${name} in ${titleOf(this.block)}: must be ${kind.words}, not ${describeValue(attribute.value)}`, name);
  }

  /** A map of strings, written as a block (`env { … }`) or as an argument (`env = { … }`). */
  map(name: NamesOf<K, MapKind>): Readonly<Record<string, string>> {
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

  blocks<N extends NamesOf<K, BlockKind<JobKeys> | FreeKind>>(type: N): readonly BlockReader<InnerKeys<K[N]>>[] {
    const kind = this.keys[type]?.kind;
    // As above: these are the keys that the table has under this name.
    const keys = (kind?.form === "block" ? kind.keys : {}) as InnerKeys<K[N]>;
    return this.block.body.blocks.filter((block) => block.type === type).map((block) => new BlockReader(block, keys, this.source));
  }

  optionalBlock<N extends NamesOf<K, BlockKind<JobKeys> | FreeKind>>(type: N): BlockReader<InnerKeys<K[N]>> | undefined {
    return this.blocks(type)[0];
  }

  /** An error at an argument's place, or at the block's when it is absent. */
  error(message: string, at: Position | (keyof K & string) = this.block.position): JobFileError {
    const attribute = typeof at === "string" ? this.block.body.attributes.find((candidate) => candidate.name === at) : undefined;
    const position = typeof at === "string" ? (attribute?.position ?? this.block.position) : at;
    return new JobFileError(message, { code: "invalid", source: this.source, position });
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

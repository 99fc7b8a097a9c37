import { describeKind, describeValue, isRecord, toText } from "@driver/hcl";
import type { HclValue, Position, SourceFile } from "@driver/hcl";
import type { ConfigBlock } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { JobFileErrorCode, JobProblems } from "./job-file-error.ts";
import type { JobNote } from "./job.ts";
import type { BlockKind, FreeKind, JobKey, JobKeys, KeyKind, MapKind, ValueKind } from "./keys/job-key.ts";
import { titleOf } from "./title-of.ts";

type KindOf<K> = K extends JobKey<infer Kind> ? Kind : never;
type NamesOf<K extends JobKeys, Kind extends KeyKind> = { [N in keyof K]: KindOf<K[N]> extends Kind ? N : never }[keyof K] & string;
type ValueOf<K> = KindOf<K> extends ValueKind<infer T> ? T : never;
type InnerKeys<K> = KindOf<K> extends BlockKind<infer Inner> ? Inner : JobKeys;

/** Where a job comes from, and what is wrong with it so far. */
export interface JobReading {
  readonly source: SourceFile;
  readonly problems: JobProblems;
  /** What a JSON job was noted for before it was decoded. Absent: it is HCL. */
  readonly jsonNotes?: readonly JobNote[];
}

/** Reads one block by its keys, which say the types. What is wrong is reported, and reading goes on. */
export class BlockReader<K extends JobKeys> {
  readonly block: ConfigBlock;
  readonly keys: K;
  readonly reading: JobReading;

  constructor(block: ConfigBlock, keys: K, reading: JobReading) {
    this.block = block;
    this.keys = keys;
    this.reading = reading;
  }

  /** The block's only label. */
  get label(): string {
    return this.block.labels[0] ?? "";
  }

  /** An argument's value; undefined for an absent, null or wrong one. */
  get<N extends NamesOf<K, ValueKind<unknown>>>(name: N): ValueOf<K[N]> | undefined {
    const attribute = this.block.body.attributes.find((candidate) => candidate.name === name);
    const kind = this.keys[name]?.kind;
    if (attribute === undefined || kind?.form !== "argument") return undefined;
    if (attribute.value === null && kind.refusesNull !== true) return undefined;
    const value = kind.read(attribute.value);
    // The type of a key is what its own kind reads; the table is looked up by a name here, so the compiler cannot follow.
    if (value !== undefined) return value as ValueOf<K[N]>;
    this.report(`argument ${name} in ${titleOf(this.block)}: must be ${kind.words}, not ${describeValue(attribute.value)}`, name);
    return undefined;
  }

  /** Reads every argument and map, for the mistakes in those that nobody asks for. */
  readAll(): void {
    for (const [name, { kind, support }] of Object.entries(this.keys)) {
      if (support.effect === "refused") continue;
      // The loop goes over the keys of the table, of which the compiler does not know the forms.
      if (kind.form === "argument") this.get(name as NamesOf<K, ValueKind<unknown>>);
      else if (kind.form === "map") this.map(name as NamesOf<K, MapKind>);
    }
  }

  /** Whether a key is there, in whatever form. */
  has(name: keyof K & string): boolean {
    const { attributes, blocks } = this.block.body;
    const isThere = attributes.some((attribute) => attribute.name === name && attribute.value !== null);
    return isThere || blocks.some(({ type }) => type === name) || this.hasFailed(name);
  }

  /** Whether a key is there and could not be evaluated. */
  hasFailed(name: keyof K & string): boolean {
    return this.block.body.failed?.has(name) === true;
  }

  /** A map of strings, written as a block (`env { … }`) or as an argument (`env = { … }`). */
  map(name: NamesOf<K, MapKind>): Readonly<Record<string, string>> {
    const attribute = this.block.body.attributes.find((candidate) => candidate.name === name);
    const block = this.block.body.blocks.find((candidate) => candidate.type === name);
    if (attribute !== undefined && block !== undefined)
      this.report(`${name}: given as a block and as an argument; use one of them`, block.position);
    if (attribute !== undefined) return this.#mapOfAttribute(name, attribute.value, attribute.position);
    const inner = block?.body.blocks[0] ?? block?.body.dynamics?.[0];
    if (inner !== undefined) this.report(`block ${inner.type} in ${name}: only arguments may stand here`, inner.position);
    return Object.fromEntries(
      (block?.body.attributes ?? []).map((entry) => [entry.name, this.#mapValue(`${name} ${entry.name}`, entry.value, entry.position)]),
    );
  }

  blocks<N extends NamesOf<K, BlockKind<JobKeys> | FreeKind>>(type: N): readonly BlockReader<InnerKeys<K[N]>>[] {
    const kind = this.keys[type]?.kind;
    // As above: these are the keys that the table has under this name.
    const keys = (kind?.form === "block" ? kind.keys : {}) as InnerKeys<K[N]>;
    return this.block.body.blocks.filter((block) => block.type === type).map((block) => new BlockReader(block, keys, this.reading));
  }

  optionalBlock<N extends NamesOf<K, BlockKind<JobKeys> | FreeKind>>(type: N): BlockReader<InnerKeys<K[N]>> | undefined {
    return this.blocks(type)[0];
  }

  /** Notes what cannot be had here, at an argument's place or else the block's. */
  refuse(message: string, at?: keyof K & string): void {
    this.#note(message, { code: "unsupported", at: at ?? this.block.position });
  }

  /**
   * Notes a mistake at a key's place, or at the block's when it is absent. Of a key that could not be evaluated nothing more is
   * said.
   */
  report(message: string, at: Position | (keyof K & string) = this.block.position): void {
    if (typeof at === "string" && this.hasFailed(at)) return;
    this.#note(message, { code: "invalid", at });
  }

  #note(message: string, { code, at }: { readonly code: JobFileErrorCode; readonly at: Position | (keyof K & string) }): void {
    const { source, problems } = this.reading;
    const attribute = typeof at === "string" ? this.block.body.attributes.find((candidate) => candidate.name === at) : undefined;
    const position = typeof at === "string" ? (attribute?.position ?? this.block.position) : at;
    problems.add(new JobFileError(message, { code, source, position }));
  }

  #mapOfAttribute(name: string, value: HclValue, position: Position): Readonly<Record<string, string>> {
    if (value === null) return {};
    if (!isRecord(value)) {
      this.report(`argument ${name} in ${titleOf(this.block)}: must be a map of strings, not ${describeKind(value)}`, position);
      return {};
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#mapValue(`${name} ${key}`, item, position)]));
  }

  #mapValue(what: string, value: HclValue, position: Position): string {
    const text = toText(value);
    if (text === undefined) this.report(`${what} in ${titleOf(this.block)}: must be a string, not ${describeKind(value)}`, position);
    return text ?? "";
  }
}

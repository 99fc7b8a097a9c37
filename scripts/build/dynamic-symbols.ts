import { contentOf, readSections, toEntries, type ElfSection } from "./elf.ts";

/** Types of sections. */
export const sectionTypes = { relocations: 4, dynamic: 6, symbols: 11, hash: 0x6ffffff6, needs: 0x6ffffffe, versions: 0x6fffffff } as const;

/** A name that the dynamic linker knows, by its entry in the table. */
export interface DynamicSymbol {
  readonly name: string;
  readonly entry: Buffer;
  /** The entry of the table of versions that goes with it. */
  readonly version: number;
  readonly isDefined: boolean;
  readonly type: number;
  readonly address: bigint;
  readonly size: bigint;
}

/** The tables of names, and what is in them. */
export interface DynamicSymbols {
  readonly symbols: ElfSection;
  readonly names: ElfSection;
  readonly versions: ElfSection;
  /** In the order of the table, the empty first entry too. */
  readonly entries: readonly DynamicSymbol[];
}

/** One place that the dynamic linker fills in. */
export interface Relocation {
  /** Its entry, which writes to the file it was read from. */
  readonly entry: Buffer;
  readonly type: number;
  /** Index of the symbol; 0: none. */
  readonly symbol: number;
}

const entryBytes = 24;

/** Throws for a program that has none. */
export function readSymbols(file: Buffer): DynamicSymbols {
  const sections = readSections(file);
  const symbols = sections.find(({ type }) => type === sectionTypes.symbols);
  const versions = sections.find(({ type }) => type === sectionTypes.versions);
  const names = symbols === undefined ? undefined : sections[symbols.header.readUInt32LE(40)];
  if (symbols === undefined || versions === undefined || names === undefined) throw new Error("The ELF file exports no names.");
  const entries = toEntries(contentOf(file, symbols), entryBytes).map((entry, index) => ({
    name: readName(file, names, entry.readUInt32LE(0)),
    entry,
    version: file.readUInt16LE(versions.offset + index * 2),
    isDefined: entry.readUInt16LE(6) !== 0,
    type: entry.readUInt8(4) & 0xf,
    address: entry.readBigUInt64LE(8),
    size: entry.readBigUInt64LE(16),
  }));
  return { symbols, names, versions, entries };
}

/** In the order of the file. */
export function readRelocations(file: Buffer, section: ElfSection): Relocation[] {
  return toEntries(contentOf(file, section), entryBytes).map((entry) => ({
    entry,
    type: entry.readUInt32LE(8),
    symbol: entry.readUInt32LE(12),
  }));
}

/** The text at an offset of a table of names. */
export function readName(file: Buffer, { offset }: ElfSection, at: number): string {
  return file.toString("latin1", offset + at, file.indexOf(0, offset + at));
}

/** A table of names, each once, and where it has them. */
export class NameTable {
  readonly #places = new Map<string, number>([["", 0]]);
  #bytes = 1;

  /** Offset of a name, which is added where it is missing. */
  place(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#bytes;
    this.#places.set(name, place);
    this.#bytes += Buffer.byteLength(name, "latin1") + 1;
    return place;
  }

  toBuffer(): Buffer {
    return Buffer.from([...this.#places.keys()].map((name) => `${name}\0`).join(""), "latin1");
  }
}

/** How the linker of GNU finds a name (DT_GNU_HASH). */
export function hashName(name: string): number {
  let hash = 5381;
  for (const byte of Buffer.from(name, "latin1")) hash = (Math.imul(hash, 33) + byte) >>> 0;
  return hash;
}

/** Into how many lists a table of so many names is divided. */
export function bucketsFor(count: number): number {
  return Math.max(1, Math.ceil(count / 2)) | 1;
}

/**
 * The table by which names are found (DT_GNU_HASH). `names` are those of the last entries of the table of symbols, in the order of
 * their lists, and `first` is the index of the first of them.
 */
export function encodeHashTable(names: readonly string[], first: number): Buffer {
  const shift = 18;
  const hashes = names.map(hashName);
  const bucketCount = bucketsFor(names.length);
  const words = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, names.length / 4))));
  const bloom = new BigUint64Array(words);
  for (const hash of hashes) {
    const word = Math.floor(hash / 64) % words;
    bloom[word] = (bloom[word] ?? 0n) | (1n << BigInt(hash % 64)) | (1n << BigInt((hash >>> shift) % 64));
  }
  const buckets = new Uint32Array(bucketCount);
  const chain = Uint32Array.from(hashes, (hash) => (hash & ~1) >>> 0);
  for (const [index, hash] of hashes.entries()) {
    const bucket = hash % bucketCount;
    if (buckets[bucket] === 0) buckets[bucket] = first + index;
    const next = hashes[index + 1];
    if (next === undefined || next % bucketCount !== bucket) chain[index] = (chain[index] ?? 0) | 1;
  }
  const head = Uint32Array.of(bucketCount, first, words, shift);
  return Buffer.concat([head, bloom, buckets, chain].map(({ buffer }) => Buffer.from(buffer)));
}

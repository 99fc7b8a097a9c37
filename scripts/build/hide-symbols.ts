import { bucketsFor, encodeHashTable, hashName, NameTable, readName, readRelocations, readSymbols } from "./dynamic-symbols.ts";
import { sectionTypes, type DynamicSymbol, type DynamicSymbols, type Relocation } from "./dynamic-symbols.ts";
import { contentOf, readSections, readSegments, removePages, requireElf, setPlace, toEntries, type ElfSection } from "./elf.ts";

const x86 = 62;
/** Types of symbols. */
const [object, code] = [1, 2];
/** Types of relocations of x86-64. */
const [absolute, copy, globalData, relative] = [1, 5, 6, 8];
/** Entries of the dynamic section: those that are a name, those that are a table's address, and the size of the table of names. */
const nameTags = new Set([1, 14, 15, 29]);
const addressTags = new Set([5, 6, 7, 23, 0x6ffffef5, 0x6ffffff0, 0x6ffffffe]);
const nameBytesTag = 10;
const dynamicEntryBytes = 16;
/** The kernel maps so much around a page that a program touches: what moves in the file moves by so much, and the same is mapped. */
const readAroundBytes = 64 * 1024;
/** The C++ library's own names, of which it may have others use the program's. */
const ofTheLibrary = /^_Z(?:NK?St|NK?9__gnu_cxx|T[ISTVC]N?K?St|St|N10__cxxabi|T[ISTV]N10__cxx|nw|na|dl|da)/;

/**
 * Takes out of an executable of Node the names that it offers to addons, 45,000 of them (docs/decisions/0027), since a plugin loads none:
 * the dynamic linker reads through their tables for each name that a library looks for. What stays are names that the program looks for,
 * that libraries find in it, and the C++ library's own. Where the program looks for its own by name, it gets the address.
 * The tables must be the first segment's end, as linkers put them. An executable for another processor than x86-64 is given as it is.
 */
export function hideSymbols(file: Buffer): Buffer {
  requireElf(file);
  if (file.readUInt16LE(18) !== x86) return file;
  const result = Buffer.from(file);
  const { entries: symbols, ...ofSymbols } = readSymbols(result);
  const sections = { ...ofSymbols, ...findSections(result) };
  const relocations = sections.relocations.flatMap((section) => readRelocations(result, section));
  settleOwn(symbols, relocations);
  const { kept, first } = chooseSymbols(symbols, relocations);
  renumber(symbols, kept, relocations);
  return replaceTables(result, sections, encodeTables(result, sections, { kept, first }));
}

type OneOf = "dynamic" | "hash" | "needs";
type FoundSections = { readonly [K in OneOf]: ElfSection } & { readonly relocations: readonly ElfSection[] };
type Sections = FoundSections & Omit<DynamicSymbols, "entries">;

function findSections(file: Buffer): FoundSections {
  const all = readSections(file);
  const one = (type: number): ElfSection => {
    const [found, ...more] = all.filter((section) => section.type === type && section.isLoaded);
    if (found === undefined || more.length > 0) throw new Error(`The ELF file has no or several sections of type ${type}.`);
    return found;
  };
  const relocations = all.filter(({ type, isLoaded }) => type === sectionTypes.relocations && isLoaded);
  return { dynamic: one(sectionTypes.dynamic), hash: one(sectionTypes.hash), needs: one(sectionTypes.needs), relocations };
}

/** Gives the program's own addresses to those places that would be filled by the names of its own code and data. */
function settleOwn(symbols: readonly DynamicSymbol[], relocations: readonly Relocation[]): void {
  const copied = new Set(relocations.flatMap(({ type, symbol }) => (type === copy ? [symbol] : [])));
  for (const { entry, type, symbol: index } of relocations) {
    const symbol = symbols[index];
    if (symbol === undefined || !symbol.isDefined || copied.has(index)) continue;
    if (![absolute, globalData].includes(type) || ![object, code].includes(symbol.type)) continue;
    const addend = type === absolute ? entry.readBigInt64LE(16) : 0n;
    entry.writeUInt32LE(relative, 8);
    entry.writeUInt32LE(0, 12);
    entry.writeBigInt64LE(symbol.address + addend, 16);
  }
}

interface Choice {
  /** In the order of the new table, the empty first one too. */
  readonly kept: readonly DynamicSymbol[];
  /** Index of the first that is found by its name. */
  readonly first: number;
}

function chooseSymbols(symbols: readonly DynamicSymbol[], relocations: readonly Relocation[]): Choice {
  const wanted = new Set(relocations.map(({ entry }) => entry.readUInt32LE(12)));
  // What is copied out of a library, which uses the copy from then on, may have several names: environ and __environ.
  const copied = new Set(relocations.flatMap(({ type, symbol }) => (type === copy ? [symbols[symbol]?.address] : [])));
  const isOffered = ({ name, address }: DynamicSymbol, index: number): boolean =>
    wanted.has(index) || copied.has(address) || ofTheLibrary.test(name);
  const lookedFor = symbols.filter(({ isDefined }) => !isDefined);
  const offered = symbols.filter((symbol, index) => symbol.isDefined && isOffered(symbol, index));
  const listOf = ({ name }: DynamicSymbol): number => hashName(name) % bucketsFor(offered.length);
  return { kept: [...lookedFor, ...offered.toSorted((one, other) => listOf(one) - listOf(other))], first: lookedFor.length };
}

function renumber(symbols: readonly DynamicSymbol[], kept: readonly DynamicSymbol[], relocations: readonly Relocation[]): void {
  const indexes = new Map(kept.map((symbol, index) => [symbol, index]));
  for (const { entry } of relocations) {
    const symbol = symbols[entry.readUInt32LE(12)];
    const index = symbol === undefined ? undefined : indexes.get(symbol);
    if (index === undefined) throw new Error("A relocation of the ELF file is by a symbol that is not there.");
    entry.writeUInt32LE(index, 12);
  }
}

/** The new content of each section. The dynamic section and those that libraries' versions are in are changed in place. */
function encodeTables(file: Buffer, sections: Sections, { kept, first }: Choice): ReadonlyMap<ElfSection, Buffer> {
  const { symbols, hash, needs, versions, names, dynamic, relocations } = sections;
  const table = new NameTable();
  const entries = kept.map(({ name, entry }) => {
    const copied = Buffer.from(entry);
    copied.writeUInt32LE(table.place(name), 0);
    return copied;
  });
  const rename = (entry: Buffer, at: number): void => {
    entry.writeUInt32LE(table.place(readName(file, names, entry.readUInt32LE(at))), at);
  };
  for (let at = 0, need = contentOf(file, needs); at < need.length; ) {
    rename(need.subarray(at), 4);
    const count = need.readUInt16LE(at + 2);
    for (let aux = at + need.readUInt32LE(at + 8), index = 0; index < count; index += 1, aux += need.readUInt32LE(aux + 12)) {
      rename(need.subarray(aux), 8);
    }
    const next = need.readUInt32LE(at + 12);
    at = next === 0 ? need.length : at + next;
  }
  for (const entry of toEntries(contentOf(file, dynamic), dynamicEntryBytes)) {
    if (nameTags.has(Number(entry.readBigUInt64LE(0)))) rename(entry, 8);
  }
  return new Map([
    [hash, encodeHashTable(kept.slice(first).map(({ name }) => name), first)],
    [symbols, Buffer.concat(entries)],
    [names, table.toBuffer()],
    [versions, Buffer.from(Uint16Array.from(kept, ({ version }) => version).buffer)],
    ...[needs, ...relocations].map((section) => [section, Buffer.from(contentOf(file, section))] as const),
  ]);
}

/** Puts the tables one behind the other where the first of them was, and ends their segment there. Changes `file`. */
function replaceTables(file: Buffer, sections: Sections, tables: ReadonlyMap<ElfSection, Buffer>): Buffer {
  const ordered = [...tables].toSorted(([one], [other]) => one.offset - other.offset);
  const start = ordered[0]?.[0].offset ?? 0;
  const segments = readSegments(file).filter(({ isLoaded }) => isLoaded);
  const holder = segments.findIndex(({ offset, size }) => offset <= start && start < offset + size);
  const [held, behind] = [segments[holder], segments[holder + 1]];
  const last = ordered.at(-1)?.[0];
  if (held === undefined || behind === undefined || last === undefined || last.offset + last.size !== held.offset + held.size) {
    throw new Error("The tables of symbols are not the end of a segment of the ELF file.");
  }
  file.fill(0, start, behind.offset);
  const addresses = new Map<number, number>();
  let end = start;
  for (const [section, content] of ordered) {
    const offset = Math.ceil(end / 8) * 8;
    end = offset + content.length;
    if (end > held.offset + held.size) throw new Error("The tables of symbols have become larger.");
    content.copy(file, offset);
    const address = held.address + offset - held.offset;
    addresses.set(section.address, address);
    for (const [at, value] of [[16, address], [24, offset], [32, content.length]] as const) {
      section.header.writeBigUInt64LE(BigInt(value), at);
    }
  }
  pointTo(file, sections, { addresses, nameBytes: tables.get(sections.names)?.length ?? 0 });
  setPlace(held.header, { offset: held.offset, address: held.address, size: end - held.offset });
  const bytes = Math.floor((behind.offset - end) / readAroundBytes) * readAroundBytes;
  return removePages(file, { from: behind.offset - bytes, bytes });
}

interface Places {
  /** The new address of a table, by its former one. */
  readonly addresses: ReadonlyMap<number, number>;
  readonly nameBytes: number;
}

function pointTo(file: Buffer, { dynamic }: Sections, { addresses, nameBytes }: Places): void {
  for (const entry of toEntries(contentOf(file, dynamic), dynamicEntryBytes)) {
    const tag = Number(entry.readBigUInt64LE(0));
    if (tag === nameBytesTag) entry.writeBigUInt64LE(BigInt(nameBytes), 8);
    if (!addressTags.has(tag)) continue;
    const address = addresses.get(Number(entry.readBigUInt64LE(8)));
    if (address === undefined) throw new Error(`The dynamic section's entry ${tag} of the ELF file points to no table.`);
    entry.writeBigUInt64LE(BigInt(address), 8);
  }
}

import { readSymbols } from "./dynamic-symbols.ts";
import { elfHeader, readSections, readSegments, removePages, requireElf, segmentEntryBytes, setPlace } from "./elf.ts";
import type { ElfSegment, FileRange } from "./elf.ts";
import { keepItems } from "./icu-package.ts";

/**
 * Takes out of a single executable of Node what the program never asks ICU for (docs/decisions/0026): what belongs to languages other
 * than English, and encodings that are not Unicode's. What stays of ICU's data keeps its address; the pages behind it leave the file,
 * and the segment that held them becomes two. The table of program headers must have room for one more, as `--build-sea` leaves it.
 */
export function shrinkIcu(file: Buffer): Buffer {
  requireElf(file);
  const { start, end } = findIcuData(file);
  const kept = keepItems(file.subarray(start, end), isKept);
  const result = Buffer.from(file);
  kept.copy(result, start);
  const pageBytes = Math.max(...readSegments(file).map(({ isLoaded, align }) => (isLoaded ? align : 0)));
  const from = Math.ceil((start + kept.length) / pageBytes) * pageBytes;
  const bytes = Math.floor((end - from) / pageBytes) * pageBytes;
  result.fill(0, start + kept.length, from);
  return bytes > 0 ? splitAround(result, { from, bytes }) : result;
}

/**
 * Languages have folders for each kind of their words, and a table at the top. What has another name than a language is shared by
 * them; the rules that cut texts into words and lines are kept for all.
 */
function isKept(name: string): boolean {
  const [, ...path] = name.split("/");
  const base = (path.at(-1) ?? "").replace(/\.[a-z]+$/, "");
  if (path[0] === "brkitr") return true;
  if (["translit", "rbnf"].includes(path[0] ?? "") || /\.(?:cnv|spp)$/.test(name)) return false;
  const isLanguage = /^[a-z]{2,3}(?:_[A-Za-z0-9]+)*$/.test(base);
  return !isLanguage || base === "res_index" || /^en(?:_US.*)?$/.test(base);
}

/** Offsets in the file, by the name that Node exports. */
function findIcuData(file: Buffer): { readonly start: number; readonly end: number } {
  const data = readSymbols(file).entries.find(({ name }) => /^icudt\d+_dat$/.test(name));
  if (data === undefined) throw new Error("The ELF file exports no ICU data.");
  const start = toOffset(readSegments(file), Number(data.address));
  return { start, end: start + Number(data.size) };
}

function toOffset(segments: readonly ElfSegment[], address: number): number {
  const within = segments.find((one) => one.isLoaded && address >= one.address && address < one.address + one.size);
  if (within === undefined) throw new Error(`No segment has the address ${address}.`);
  return address - within.address + within.offset;
}

/** Changes `file`, and gives it without those pages of it: their segment becomes two. */
function splitAround(file: Buffer, { from, bytes }: FileRange): Buffer {
  const segments = readSegments(file);
  const holder = segments.findIndex((one) => one.isLoaded && one.offset <= from && from + bytes < one.offset + one.size);
  const { [holder]: held } = segments;
  if (held === undefined) throw new Error("No segment holds ICU's data.");
  for (const { header, offset, size } of readSections(file)) {
    // What it has behind the pages is in no section any more; only tools look at them.
    if (offset < from && offset + size > from) header.writeBigUInt64LE(BigInt(from - offset), 32);
  }
  const end = from + bytes;
  const rest = Buffer.from(held.header);
  setPlace(rest, { offset: end, address: held.address + end - held.offset, size: held.offset + held.size - end });
  setPlace(held.header, { offset: held.offset, address: held.address, size: from - held.offset });
  insertSegment(file, holder + 1, rest);
  return removePages(file, { from, bytes });
}

function insertSegment(file: Buffer, index: number, header: Buffer): void {
  const start = Number(file.readBigUInt64LE(elfHeader.segmentTable));
  const count = file.readUInt16LE(elfHeader.segmentCount);
  const [at, end] = [start + index * segmentEntryBytes, start + count * segmentEntryBytes];
  if (file.subarray(end, end + segmentEntryBytes).some((byte) => byte !== 0)) throw new Error("There is no room for one more segment.");
  file.copyWithin(at + segmentEntryBytes, at, end);
  header.copy(file, at);
  file.writeUInt16LE(count + 1, elfHeader.segmentCount);
}

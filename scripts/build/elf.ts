/** One part of a 64-bit little-endian ELF file, by its entry in the table of sections. Offsets and sizes in bytes. */
export interface ElfSection {
  /** Its entry, which writes to the file it was read from. */
  readonly header: Buffer;
  readonly type: number;
  readonly isLoaded: boolean;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** One part that the system maps, or reads before it does, by its entry in the table of program headers. */
export interface ElfSegment {
  /** Its entry, which writes to the file it was read from. */
  readonly header: Buffer;
  readonly isLoaded: boolean;
  readonly address: number;
  readonly offset: number;
  /** Bytes in the file. */
  readonly size: number;
  readonly align: number;
}

/** Where the file's own header has the numbers of its two tables. */
export const elfHeader = { segmentTable: 32, sectionTable: 40, segmentCount: 56, sectionCount: 60, sectionNames: 62 } as const;
export const sectionEntryBytes = 64;
export const segmentEntryBytes = 56;
const flagAlloc = 2n;
const typeLoad = 1;

/** Throws for what is not a program in that format. */
export function requireElf(file: Buffer): void {
  const isElf = file.length > 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf || file.readUInt16LE(elfHeader.segmentCount) === 0) throw new Error("This is not a 64-bit little-endian ELF program.");
}

/** In the order of the file's table. */
export function readSections(file: Buffer): ElfSection[] {
  const headers = readTable(file, { at: elfHeader.sectionTable, count: elfHeader.sectionCount, entryBytes: sectionEntryBytes });
  return headers.map((header) => ({
    header,
    type: header.readUInt32LE(4),
    isLoaded: (header.readBigUInt64LE(8) & flagAlloc) !== 0n,
    address: Number(header.readBigUInt64LE(16)),
    offset: Number(header.readBigUInt64LE(24)),
    size: Number(header.readBigUInt64LE(32)),
  }));
}

/** In the order of the file's table. */
export function readSegments(file: Buffer): ElfSegment[] {
  const headers = readTable(file, { at: elfHeader.segmentTable, count: elfHeader.segmentCount, entryBytes: segmentEntryBytes });
  return headers.map((header) => ({
    header,
    isLoaded: header.readUInt32LE(0) === typeLoad,
    offset: Number(header.readBigUInt64LE(8)),
    address: Number(header.readBigUInt64LE(16)),
    size: Number(header.readBigUInt64LE(32)),
    align: Number(header.readBigUInt64LE(48)),
  }));
}

interface TablePlace {
  /** Offsets in the file's header. */
  readonly at: number;
  readonly count: number;
  readonly entryBytes: number;
}

function readTable(file: Buffer, { at, count, entryBytes }: TablePlace): Buffer[] {
  const start = Number(file.readBigUInt64LE(at));
  return toEntries(file.subarray(start, start + file.readUInt16LE(count) * entryBytes), entryBytes);
}

/** The entries of a table, which write to it. */
export function toEntries(table: Buffer, entryBytes: number): Buffer[] {
  return Array.from({ length: table.length / entryBytes }, (_, index) => table.subarray(index * entryBytes, (index + 1) * entryBytes));
}

/** What the file has of a section, which writes to it. */
export function contentOf(file: Buffer, { offset, size }: ElfSection): Buffer {
  return file.subarray(offset, offset + size);
}

/** Bytes of a file, by their offset. */
export interface FileRange {
  readonly from: number;
  readonly bytes: number;
}

/**
 * The file without whole pages that no segment has any more; addresses stay as they are. Changes `file`, of which nobody may read any
 * more than the result.
 */
export function removePages(file: Buffer, { from, bytes }: FileRange): Buffer {
  const moveBack = (table: Buffer, at: number): void => {
    const offset = table.readBigUInt64LE(at);
    if (offset >= BigInt(from)) table.writeBigUInt64LE(offset - BigInt(bytes), at);
  };
  for (const { header } of readSegments(file)) moveBack(header, 8);
  for (const { header } of readSections(file)) moveBack(header, 24);
  for (const at of [elfHeader.segmentTable, elfHeader.sectionTable]) moveBack(file, at);
  return Buffer.concat([file.subarray(0, from), file.subarray(from + bytes)]);
}

/** Of a segment that is in the file as a whole. */
export function setPlace(header: Buffer, { offset, address, size }: Pick<ElfSegment, "offset" | "address" | "size">): void {
  for (const [at, value] of [[8, offset], [16, address], [24, address], [32, size], [40, size]] as const) {
    header.writeBigUInt64LE(BigInt(value), at);
  }
}

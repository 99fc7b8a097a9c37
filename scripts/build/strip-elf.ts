const programHeaderCountOffset = 56;
const sectionTableOffset = 40;
const sectionEntryBytes = 64;
const flagAlloc = 2n;
const typeNoBits = 8;

interface Section {
  readonly header: Buffer;
  readonly type: number;
  readonly isLoaded: boolean;
  readonly offset: number;
  readonly size: number;
}

/**
 * Removes what a running program never reads (symbols, debug information) from a 64-bit little-endian ELF file, as
 * `strip` does, which a bare machine lacks. Such sections must come after all loaded ones, as linkers put them.
 */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1 || file.readUInt16LE(programHeaderCountOffset) === 0) {
    throw new Error("stripElf takes a 64-bit little-endian ELF program.");
  }
  const sections = readSections(file);
  const names = sections[file.readUInt16LE(62)];
  const lastLoaded = sections.findLastIndex((section) => section.isLoaded);
  if (names === undefined || lastLoaded < 0) throw new Error("The ELF file has no section names or no loaded section.");
  const kept = sections.slice(0, lastLoaded + 1);
  const bodyEnd = Math.max(...kept.map((section) => section.offset + (section.type === typeNoBits ? 0 : section.size)));
  const nameTable = file.subarray(names.offset, names.offset + names.size);
  const body = padTo8(Buffer.concat([file.subarray(0, bodyEnd), nameTable]));
  const nameHeader = Buffer.from(names.header);
  nameHeader.writeBigUInt64LE(BigInt(bodyEnd), 24);
  const result = Buffer.concat([body, ...kept.map((section) => section.header), nameHeader]);
  result.writeBigUInt64LE(BigInt(body.length), sectionTableOffset);
  result.writeUInt16LE(kept.length + 1, 60);
  result.writeUInt16LE(kept.length, 62);
  return result;
}

function readSections(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(sectionTableOffset));
  return Array.from({ length: file.readUInt16LE(60) }, (_, index) => {
    const header = file.subarray(start + index * sectionEntryBytes, start + (index + 1) * sectionEntryBytes);
    return {
      header,
      type: header.readUInt32LE(4),
      isLoaded: (header.readBigUInt64LE(8) & flagAlloc) !== 0n,
      offset: Number(header.readBigUInt64LE(24)),
      size: Number(header.readBigUInt64LE(32)),
    };
  });
}

function padTo8(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

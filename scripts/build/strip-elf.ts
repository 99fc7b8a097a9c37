import { elfHeader, readSections, requireElf } from "./elf.ts";

const typeNoBits = 8;

/**
 * Removes what a running program never reads (symbols, debug information) from a 64-bit little-endian ELF file, as
 * `strip` does, which a bare machine lacks. Such sections must come after all loaded ones, as linkers put them.
 */
export function stripElf(file: Buffer): Buffer {
  requireElf(file);
  const sections = readSections(file);
  const names = sections[file.readUInt16LE(elfHeader.sectionNames)];
  const lastLoaded = sections.findLastIndex((section) => section.isLoaded);
  if (names === undefined || lastLoaded < 0) throw new Error("The ELF file has no section names or no loaded section.");
  const kept = sections.slice(0, lastLoaded + 1);
  const bodyEnd = Math.max(...kept.map((section) => section.offset + (section.type === typeNoBits ? 0 : section.size)));
  const nameTable = file.subarray(names.offset, names.offset + names.size);
  const body = padTo8(Buffer.concat([file.subarray(0, bodyEnd), nameTable]));
  const nameHeader = Buffer.from(names.header);
  nameHeader.writeBigUInt64LE(BigInt(bodyEnd), 24);
  const result = Buffer.concat([body, ...kept.map((section) => section.header), nameHeader]);
  result.writeBigUInt64LE(BigInt(body.length), elfHeader.sectionTable);
  result.writeUInt16LE(kept.length + 1, elfHeader.sectionCount);
  result.writeUInt16LE(kept.length, elfHeader.sectionNames);
  return result;
}

function padTo8(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

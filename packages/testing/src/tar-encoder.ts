/** One entry of an archive: a folder when the path ends in a slash, a symbolic link when it has a target, else a file. */
export interface TarEntry {
  readonly path: string;
  readonly mode: number;
  readonly content?: Uint8Array;
  readonly linkTarget?: string;
}

const blockBytes = 512;

/** Encodes a POSIX ustar archive. Owner is root, times are 0; paths must be shorter than 100 bytes. */
export function encodeTar(entries: readonly TarEntry[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    const content = entry.content ?? new Uint8Array();
    blocks.push(encodeHeader(entry, content.length), content, new Uint8Array((blockBytes - (content.length % blockBytes)) % blockBytes));
  }
  return Buffer.concat([...blocks, new Uint8Array(2 * blockBytes)]);
}

function encodeHeader(entry: TarEntry, sizeBytes: number): Uint8Array {
  const header = Buffer.alloc(blockBytes);
  const type = entry.linkTarget === undefined ? (entry.path.endsWith("/") ? "5" : "0") : "2";
  header.write(entry.path, 0, 100);
  writeOctal(header, entry.mode, { offset: 100, length: 8 });
  writeOctal(header, 0, { offset: 108, length: 8 });
  writeOctal(header, 0, { offset: 116, length: 8 });
  writeOctal(header, sizeBytes, { offset: 124, length: 12 });
  writeOctal(header, 0, { offset: 136, length: 12 });
  header.fill(" ", 148, 156);
  header.write(type, 156);
  header.write(entry.linkTarget ?? "", 157, 100);
  header.write("ustar\u000000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function writeOctal(header: Buffer, value: number, field: { offset: number; length: number }): void {
  header.write(`${value.toString(8).padStart(field.length - 1, "0")}\0`, field.offset);
}

const packageFormat = "CmnD";
const alignBytes = 16;

interface IcuItem {
  /** Such as `icudt78l/brkitr/word.brk`. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * A package of ICU's data (https://unicode-org.github.io/icu/userguide/icu_data/#dat-package-files) with fewer items, in the format of
 * ICU's common packages, little-endian: a head, the table of contents, the names in order, the contents.
 */
export function keepItems(data: Buffer, isKept: (name: string) => boolean): Buffer {
  const head = data.subarray(0, data.readUInt16LE(0));
  const format = head.subarray(12, 16).toString("latin1");
  if (format !== packageFormat || head[8] !== 0) throw new Error("This is no little-endian package of ICU's data.");
  return Buffer.concat([head, packItems(readItems(data.subarray(head.length)).filter(({ name }) => isKept(name)))]);
}

/** `table`: what is behind the head, from which all offsets count. */
function readItems(table: Buffer): readonly IcuItem[] {
  const entries = Array.from({ length: table.readUInt32LE(0) }, (_, index) => ({
    nameAt: table.readUInt32LE(4 + 8 * index),
    contentAt: table.readUInt32LE(8 + 8 * index),
  }));
  return entries.map(({ nameAt, contentAt }, index) => ({
    name: table.subarray(nameAt, table.indexOf(0, nameAt)).toString("latin1"),
    content: table.subarray(contentAt, entries[index + 1]?.contentAt ?? table.length),
  }));
}

function packItems(items: readonly IcuItem[]): Buffer {
  const names = items.map(({ name }) => Buffer.from(`${name}\0`, "latin1"));
  const entries = Buffer.alloc(4 + 8 * items.length);
  entries.writeUInt32LE(items.length, 0);
  let nameAt = entries.length;
  let contentAt = aligned(names.reduce((sum, { length }) => sum + length, nameAt));
  const gap = Buffer.alloc(contentAt - names.reduce((sum, { length }) => sum + length, nameAt));
  const contents = items.map(({ content }) => Buffer.concat([content, Buffer.alloc(aligned(content.length) - content.length)]));
  for (const [index, content] of contents.entries()) {
    entries.writeUInt32LE(nameAt, 4 + 8 * index);
    entries.writeUInt32LE(contentAt, 8 + 8 * index);
    nameAt += names[index]?.length ?? 0;
    contentAt += content.length;
  }
  return Buffer.concat([entries, ...names, gap, ...contents]);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignBytes) * alignBytes;
}

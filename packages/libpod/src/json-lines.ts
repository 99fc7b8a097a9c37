/** Far above any line of Podman: events and progress lines have some hundred bytes. */
const maxLineBytes = 8 * 1024 * 1024;
const newline = 10;

/** A line of a stream went on past every length that makes sense. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/** The lines of a byte stream, blank ones left out; what stands after the last newline is a line too. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      pending.push(chunk.subarray(start, end));
      const line = toText(pending);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line !== "") yield line;
    }
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > maxLineBytes) throw new LineTooLongError(`a line is longer than ${maxLineBytes} bytes`);
  }
  const rest = toText(pending);
  if (rest !== "") yield rest;
}

function toText(pieces: readonly Uint8Array[]): string {
  return Buffer.concat(pieces).toString("utf8").trim();
}

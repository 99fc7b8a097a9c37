// A process that reads a FIFO to its end, as Nomad's log collector does, and checks that it carries the expected line again
// and again. Arguments: the FIFO, the line, the number of bytes to expect. Lines out: "complete" when that many have come, "end
// BYTES WRONG".
import { closeSync, openSync, readSync } from "node:fs";

const [fifo = "", line = "", expected = ""] = process.argv.slice(2);
const expectedBytes = Number(expected);
const period = Buffer.from(`${line}\n`);
/** Whatever piece of the stream is read, it stands somewhere in here as it should be. */
const pattern = Buffer.from(period.toString().repeat(Math.ceil((2 * 65_536) / period.length)));
const piece = Buffer.alloc(65_536);

const fd = openSync(fifo, "r");
let totalBytes = 0;
let wrongPieces = 0;
for (let length = readSync(fd, piece); length > 0; length = readSync(fd, piece)) {
  const phase = totalBytes % period.length;
  if (piece.compare(pattern, phase, phase + length, 0, length) !== 0) wrongPieces += 1;
  totalBytes += length;
  if (totalBytes >= expectedBytes && totalBytes - length < expectedBytes) process.stdout.write("complete\n");
}
closeSync(fd);
process.stdout.write(`end ${totalBytes} ${wrongPieces}\n`);

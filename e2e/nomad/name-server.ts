import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A name server on port 53 of all addresses that knows some IPv4 addresses, and says of all other names that there are none. */
export class NameServer implements AsyncDisposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async start(addresses: Readonly<Record<string, string>>): Promise<NameServer> {
    const socket = createSocket("udp4");
    socket.on("message", (query, { port, address }) => socket.send(toAnswer(query, addresses), port, address));
    socket.bind(53);
    await once(socket, "listening");
    return new NameServer(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}

const headerBytes = 12;
const typeA = 1;

/** The answer to a query with one question (RFC 1035): its A record, no record of other types, or that there is no such name. */
function toAnswer(query: Buffer, addresses: Readonly<Record<string, string>>): Buffer {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const address = addresses[labels.join(".").toLowerCase()];
  const record = address === undefined || query.readUInt16BE(at + 1) !== typeA ? undefined : toRecord(address);
  const header = Buffer.from(query.subarray(0, headerBytes));
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2);
  for (const [offset, count] of [[4, 1], [6, record === undefined ? 0 : 1], [8, 0], [10, 0]] as const) header.writeUInt16BE(count, offset);
  return Buffer.concat([header, query.subarray(headerBytes, at + 5), ...(record === undefined ? [] : [record])]);
}

/** Of the name in the question, for a minute. */
function toRecord(address: string): Buffer {
  return Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
}

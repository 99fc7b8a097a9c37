import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Fault } from "./fault-rule.ts";

export interface UpgradeRelay {
  readonly incoming: IncomingMessage;
  /** What came after the request: the first bytes of the new protocol. */
  readonly head: Buffer;
  readonly client: Duplex;
  readonly upstream: Socket;
  readonly fault: Fault | undefined;
}

/** A taken-over connection is cut when so many bytes have come back, head of the answer included. */
const cutAfterBytes = 160;

/** Passes a request that takes its connection over, byte by byte in both directions, half-closes included. */
export function relayUpgrade({ incoming, head, client, upstream, fault }: UpgradeRelay): void {
  upstream.write(toRequestHead(incoming));
  incoming.on("data", (chunk: Buffer) => upstream.write(chunk));
  incoming.once("end", () => {
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
  });
  if (fault?.kind === "lost-answer" || fault?.kind === "empty-body") {
    upstream.once("data", () => client.destroy());
  } else if (fault?.kind === "cut-body" || fault?.kind === "half-body") {
    relayUntilCut(upstream, client);
  } else {
    upstream.pipe(client);
  }
  client.once("close", () => upstream.destroy());
  // After an orderly end the pipe still has bytes to bring to the client.
  upstream.once("close", () => upstream.readableEnded || client.destroy());
}

function relayUntilCut(upstream: Socket, client: Duplex): void {
  let leftBytes = cutAfterBytes;
  upstream.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, leftBytes);
    leftBytes -= part.length;
    client.write(part, () => {
      if (leftBytes === 0) client.destroy();
    });
  });
  upstream.once("end", () => client.destroy());
}

function toRequestHead(incoming: IncomingMessage): string {
  const lines = [`${incoming.method ?? "POST"} ${incoming.url ?? "/"} HTTP/1.1`];
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

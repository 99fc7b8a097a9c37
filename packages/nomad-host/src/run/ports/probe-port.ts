import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { codeOf } from "@driver/std";

/**
 * Whether a port of this machine can be bound now, for TCP and for UDP, since a driver publishes both. Resolves to
 * `free` or to the system's reason, e.g. `EADDRINUSE`.
 */
export async function probePort(hostIp: string, port: number): Promise<string> {
  try {
    await bindTcp(hostIp, port);
    await bindUdp(hostIp, port);
    return "free";
  } catch (error) {
    return codeOf(error) || String(error);
  }
}

async function bindTcp(host: string, port: number): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await once(server, "listening");
  server.close();
  await once(server, "close");
}

async function bindUdp(address: string, port: number): Promise<void> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
  } finally {
    socket.close();
  }
}

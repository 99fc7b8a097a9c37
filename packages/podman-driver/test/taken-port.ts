import { createServer } from "node:net";
import type { PortMapping } from "@driver/nomad-plugin";

/** A port of the host that somebody else has, until `release`. */
export async function takePort(): Promise<{ readonly mapping: PortMapping; release(): void }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const hostPort = typeof address === "object" && address !== null ? address.port : 0;
  return { mapping: { label: "http", hostPort, to: 80, hostIp: "127.0.0.1" }, release: () => void server.close() };
}

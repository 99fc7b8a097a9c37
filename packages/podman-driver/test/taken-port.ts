import { createServer } from "node:net";
import type { PortMapping } from "@driver/nomad-plugin";

/** A port of the host that this process has, until `release` or its disposal has settled. */
export async function takePort(): Promise<AsyncDisposable & { readonly mapping: PortMapping; release(): Promise<void> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  const hostPort = typeof address === "object" && address !== null ? address.port : 0;
  const release = async (): Promise<void> => {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return { mapping: { label: "http", hostPort, to: 80, hostIp: "127.0.0.1" }, release, [Symbol.asyncDispose]: release };
}

import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";

export interface AgentPorts {
  readonly http: number;
  readonly rpc: number;
  readonly serf: number;
}

/** Three ports that nobody listens on, the same for all lives of an agent. */
export async function findAgentPorts(): Promise<AgentPorts> {
  const servers = [createServer(), createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address: AddressInfo | string | null = server.address();
    if (address !== null && typeof address === "object") ports.push(address.port);
  }
  for (const server of servers) server.close();
  const [http = 0, rpc = 0, serf = 0] = ports;
  return { http, rpc, serf };
}

import { once } from "node:events";
import { connect } from "node:net";

import type { CheckFinding } from "./planned-check.ts";
import type { Endpoint } from "./resolve-address.ts";

/** Well when a connection is made; nothing is sent. Rejects with what hindered it. */
export async function probeTcp({ host, port }: Endpoint, signal: AbortSignal): Promise<CheckFinding> {
  const socket = connect({ host, port });
  try {
    await once(socket, "connect", { signal });
    return { status: "passing", output: "tcp ok" };
  } finally {
    socket.destroy();
  }
}

/** A host for tests that kill it: launches the test plugin, says where it is, and holds a call open. */
import { createClient } from "@connectrpc/connect";
import { join } from "node:path";
import { Health } from "../src/gen/grpc/health/v1/health_pb.ts";
import { launchPlugin } from "../src/index.ts";
import { testHandshake } from "./test-handshake.ts";

const plugin = await launchPlugin({
  command: process.execPath,
  args: [join(import.meta.dirname, "plugin-program.ts")],
  env: { TEST_TALK_MS: "5" },
  handshake: testHandshake,
  onLog: () => {},
  signal: AbortSignal.timeout(30_000),
});
let announced = false;
for await (const answer of createClient(Health, plugin.transport).watch({})) {
  if (!announced)
    console.log(
      JSON.stringify({ pid: plugin.pid, path: plugin.address.network === "unix" ? plugin.address.path : "", status: answer.status }),
    );
  announced = true;
}

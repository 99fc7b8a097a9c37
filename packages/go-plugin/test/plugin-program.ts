/** A plugin without services of its own, for tests that need a real process. Variables steer what it does beside. */
import { createPluginLogger, servePlugin } from "../src/index.ts";
import { testHandshake } from "./test-handshake.ts";

const logger = createPluginLogger({ name: "program" });
const { TEST_PRINTS, TEST_CONNECT_TIMEOUT_MS, TEST_TALK_MS, TEST_THROW_MS } = process.env;

if (TEST_TALK_MS !== undefined) setInterval(() => logger.info("still here"), Number(TEST_TALK_MS));
if (TEST_THROW_MS !== undefined) {
  setTimeout(() => {
    throw new Error("nobody caught me");
  }, Number(TEST_THROW_MS));
}
const code = servePlugin({
  handshake: testHandshake,
  logger,
  addServices: () => {},
  ...(TEST_CONNECT_TIMEOUT_MS !== undefined && { connectTimeoutMs: Number(TEST_CONNECT_TIMEOUT_MS) }),
});
if (TEST_PRINTS !== undefined) {
  console.log("printed by a library");
  process.emitWarning("deprecated by a library");
}
process.exit(await code);

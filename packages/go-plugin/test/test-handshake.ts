import type { Handshake } from "../src/index.ts";

/** The handshake of the plugins that these tests start. */
export const testHandshake: Handshake = { cookieKey: "TEST_COOKIE", cookieValue: "1234", protocolVersion: 2 };

import type { Handshake } from "@driver/go-plugin";

/** What Nomad's agents, from 1.4 to 2.0, put into a plugin's environment and expect in its handshake. */
export const nomadHandshake: Handshake = {
  cookieKey: "NOMAD_PLUGIN_MAGIC_COOKIE",
  cookieValue: "e4327c2e01eabfd75a8a67adb114fb34a757d57eee7728d857a8cec6e91a7255",
  protocolVersion: 2,
};

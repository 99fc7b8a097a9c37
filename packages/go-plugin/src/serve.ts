// What a plugin's start needs, and nothing that loads more.
export { createPluginLogger } from "./plugin-io.ts";
export { servePlugin } from "./server/serve-plugin.ts";
export type { ServeOptions } from "./server/serve-plugin.ts";

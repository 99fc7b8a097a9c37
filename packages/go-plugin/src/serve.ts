// What a plugin's side needs, and nothing that loads more.
export { createPluginLogger } from "./plugin-io.ts";
export type { Logger } from "./log/logger.ts";
export type { RpcMethod, RpcServices } from "./server/rpc-services.ts";
export { servePlugin } from "./server/serve-plugin.ts";
export type { ServeOptions } from "./server/serve-plugin.ts";
export { toMethods } from "./server/service-methods.ts";

export * from "./task-driver.ts";
export * from "./driver-error.ts";
export type { Spec } from "./hclspec.ts";
export { attr, mapAttr } from "./config/attr.ts";
export { block, blockAttrs, blockList } from "./config/block.ts";
export type { ConfigAttribute, ConfigBlock, ConfigBody, HclRecord, HclValue, Position } from "./config/config-body.ts";
export type { ConfigOption, Infer, OptionDoc } from "./config/config-option.ts";
export { configSchema, type ConfigSchema } from "./config/config-schema.ts";
export { decodeMsgpack, decodeMsgpackRaw, encodeMsgpack, type RawValue } from "./config/msgpack.ts";

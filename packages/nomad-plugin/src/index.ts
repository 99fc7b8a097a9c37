export * from "./task-driver.ts";
export * from "./driver-error.ts";
export type { Spec } from "./hclspec.ts";

// What a plugin's start needs before its driver is loaded, and nothing that loads more.
export { keepMemoryOutOfCoreFile } from "./host/core-file.ts";
export { toPluginInfo } from "./identity.ts";

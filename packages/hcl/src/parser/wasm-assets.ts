import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** The WebAssembly files the parser needs; in a single executable they travel as assets under these names. */
export type WasmAsset = "web-tree-sitter.wasm" | "tree-sitter-hcl.wasm" | "hcl2json.wasm.gz";

/** Gives the bytes of one asset; rejects when it is not there. */
export type LoadWasm = (name: WasmAsset) => Promise<Uint8Array>;

/** Where each asset lies: a path its package lets us resolve, and the asset's place in that path's folder. */
const assetPlaces: Readonly<Record<WasmAsset, { readonly module: string; readonly path: string }>> = {
  "web-tree-sitter.wasm": { module: "web-tree-sitter/web-tree-sitter.wasm", path: "web-tree-sitter.wasm" },
  "tree-sitter-hcl.wasm": { module: "@tree-sitter-grammars/tree-sitter-hcl/package.json", path: "tree-sitter-hcl.wasm" },
  "hcl2json.wasm.gz": { module: "@cdktn/hcl2json/package.json", path: "main.wasm.gz" },
};

/** The default loader: an asset of the single executable when this is one, else a file of the installed package. */
export async function loadWasm(name: WasmAsset): Promise<Uint8Array> {
  const sea = await import("node:sea");
  if (sea.isSea()) return new Uint8Array(sea.getAsset(name));
  const place = assetPlaces[name];
  const modulePath = createRequire(import.meta.url).resolve(place.module);
  return readFile(join(dirname(modulePath), place.path));
}

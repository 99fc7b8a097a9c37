import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { LoadWasm } from "./wasm-assets.ts";

/** What HashiCorp's parser says to a text. */
export type Verdict = { readonly kind: "valid" } | { readonly kind: "refused"; readonly text: string } | { readonly kind: "unavailable" };

/** Where the WebAssembly module leaves its functions. */
const bridgeName = "__parse_terraform_config_wasm__";

/** The name the parser puts before each position in its messages. */
export const verdictFileName = "source";

type Parse = (fileName: string, text: string, callback: (error: string | null | undefined) => void) => void;

/**
 * Asks HashiCorp's own HCL parser, compiled to WebAssembly, about a text. It takes 0.2 s and 70 MB, so it is only
 * asked for its words when a text is known to be wrong. Never rejects: without the module it is `unavailable`.
 */
export async function askHashicorpParser(text: string, load: LoadWasm): Promise<Verdict> {
  try {
    const parse = await startParser(load);
    return await new Promise<Verdict>((resolve) => {
      parse(verdictFileName, text, (error) => resolve(typeof error === "string" ? { kind: "refused", text: error } : { kind: "valid" }));
    });
  } catch {
    // The caller has words of his own; a missing asset must not hide the mistake in the job file.
    return { kind: "unavailable" };
  }
}

/** The package's own entry reads its file when imported, which fails in a single executable: only its Go runtime is used. */
async function startParser(load: LoadWasm): Promise<Parse> {
  const bytes = await promisify(gunzip)(await load("hcl2json.wasm.gz"));
  await import("@cdktn/hcl2json/wasm/wasm_exec.js");
  const bridge: Record<string, unknown> = {};
  const go = new (decodeGoRuntime(Reflect.get(globalThis, "Go")))();
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), go.importObject);
  Reflect.set(globalThis, bridgeName, bridge);
  // Settles when the Go program ends, which it never does: it waits for calls, without a timer or a handle.
  void go.run(instance);
  return decodeParse(bridge["parse"]);
}

interface GoRuntime {
  readonly importObject: unknown;
  run(instance: unknown): Promise<void>;
}

/** Node has it; the type comes with the browser's library only. */
declare const WebAssembly: { instantiate(bytes: Uint8Array, imports: unknown): Promise<{ readonly instance: unknown }> };

function decodeGoRuntime(value: unknown): new () => GoRuntime {
  if (typeof value !== "function") throw new TypeError("the Go runtime is missing");
  return value as new () => GoRuntime;
}

function decodeParse(value: unknown): Parse {
  if (typeof value !== "function") throw new TypeError("the parser's function is missing");
  return value as Parse;
}

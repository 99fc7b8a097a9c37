import type { Position } from "@driver/nomad-plugin";
import { JobFileError } from "./job-file-error.ts";
import type { SourceFile } from "./job-file-error.ts";
import type { LoadWasm } from "./wasm-assets.ts";

/** Says what is wrong with a text at a position. */
export async function explainSyntaxError(source: SourceFile, position: Position, _load: LoadWasm): Promise<JobFileError> {
  return new JobFileError("this is not valid HCL", { code: "syntax", source, position });
}

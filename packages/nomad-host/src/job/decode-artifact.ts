import { posix } from "node:path";
import type { BlockReader } from "./block-reader.ts";
import type { TaskArtifact } from "./job.ts";
import type { artifactKeys } from "./keys/task-keys.ts";

/** Decodes a task's `artifact` block; what a server asks of it is looked at elsewhere. */
export function decodeArtifact(reader: BlockReader<typeof artifactKeys>): TaskArtifact {
  const source = reader.get("source") ?? "";
  const mode = toMode(reader.get("mode") ?? "");
  return {
    source,
    options: reader.map("options"),
    headers: reader.map("headers"),
    mode,
    isInsecure: reader.get("insecure") ?? false,
    destination: reader.get("destination") ?? (mode === "file" ? posix.join("local", posix.basename(source)) : "local/"),
    isOwnedByUser: reader.get("chown") ?? false,
    position: reader.block.position,
  };
}

function toMode(mode: string): TaskArtifact["mode"] {
  return mode === "file" || mode === "dir" ? mode : "any";
}

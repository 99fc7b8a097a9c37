import type { BlockReader } from "../block-reader.ts";
import type { artifactKeys } from "../keys/task-keys.ts";
import { leavesAllocation } from "./leaves-allocation.ts";

const checksumBytes: Readonly<Record<string, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

/** What a Nomad server asks of a task's artifacts. */
export function checkArtifacts(readers: readonly BlockReader<typeof artifactKeys>[]): void {
  for (const reader of readers) {
    if ((reader.get("source") ?? "") === "") reader.report("artifact: source is missing", "source");
    const mode = reader.get("mode") ?? "";
    if (!["", "any", "file", "dir"].includes(mode))
      reader.report(`artifact: mode must be any, file or dir, not ${JSON.stringify(mode)}`, "mode");
    if (leavesAllocation(reader.get("destination") ?? ""))
      reader.report("artifact: the destination lies outside the allocation's folder", "destination");
    const checksum = reader.map("options")["checksum"];
    const problem = checksum === undefined || /\$\{[^}]+\}/.test(checksum) ? undefined : findChecksumProblem(checksum.trim());
    if (problem !== undefined) reader.report(`artifact: the checksum ${problem}`, "options");
  }
}

function findChecksumProblem(checksum: string): string | undefined {
  const [type = "", value = "", ...more] = checksum.split(":");
  if (checksum === "") return "is empty";
  if (value === "" || more.length > 0) return `must be of the form type:value, not ${JSON.stringify(checksum)}`;
  const bytes = Object.hasOwn(checksumBytes, type) ? checksumBytes[type] : undefined;
  if (bytes === undefined) return `must be one of ${Object.keys(checksumBytes).join(", ")}, not ${JSON.stringify(type)}`;
  if (!new RegExp(`^[0-9a-f]{${bytes * 2}}$`, "i").test(value)) return `must have ${bytes * 2} hexadecimal digits for ${type}`;
  return undefined;
}

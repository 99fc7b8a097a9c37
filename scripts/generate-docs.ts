/**
 * Writes the generated parts of the documentation. With `--check` nothing is written: the script fails and names each
 * file that is not what the code says.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fillParts, generatedParts } from "./docs/generated-parts.ts";

const root = join(import.meta.dirname, "..");
const isCheck = process.argv.includes("--check");

for (const [file, parts] of Object.entries(generatedParts)) {
  const path = join(root, file);
  const present = readFileSync(path, "utf8");
  const wanted = fillParts(present, parts);
  if (wanted === present) continue;
  if (isCheck) process.exitCode = 1;
  else writeFileSync(path, wanted);
  process.stderr.write(`${file} ${isCheck ? "is stale: run node scripts/generate-docs.ts" : "written"}\n`);
}

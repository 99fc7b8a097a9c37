// node e2e/cli-oracle/record-answers.ts: asks a server of the Nomad that NOMAD_BIN names about every job of
// job-variations.ts, and writes its answers beside this file, with its version in their head.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NomadServer, readNomadVersion } from "./ask-nomad.ts";
import { jobVariations } from "./job-variations.ts";

const nomad = process.env["NOMAD_BIN"] ?? "nomad";
await using server = await NomadServer.start(nomad);
const found = await server.ask(jobVariations);
const answers = Object.fromEntries(jobVariations.map(({ name }, index) => [name, toRecord(found[index])]));
const version = await readNomadVersion(nomad);
await writeFile(join(import.meta.dirname, "nomad-answers.json"), `${JSON.stringify({ version, answers }, undefined, 2)}\n`);

function toRecord(answer: (typeof found)[number] | undefined): string {
  return answer?.isValid === true ? "valid" : (answer?.reason ?? "");
}

/**
 * Generates the protobuf code of the packages that own .proto files.
 * With `--check` nothing is written: the script fails and names each file that is not what the .proto files say.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const packages = ["go-plugin", "nomad-plugin"];

function generate(packageName: string, outFolder: string): void {
  const template = {
    version: "v2",
    plugins: [
      {
        local: [process.execPath, join(root, "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es")],
        out: outFolder,
        opt: ["target=ts", "import_extension=ts", "erasable_syntax=true"],
      },
      {
        local: [process.execPath, join(root, "scripts/protoc-gen-forms.ts")],
        out: outFolder,
        opt: ["target=ts"],
        // Forms of what protobuf-es brings along.
        include_wkt: true,
        include_imports: true,
      },
    ],
  };
  const args = ["generate", join(root, "packages", packageName, "proto"), "--template", JSON.stringify(template)];
  const run = spawnSync(join(root, "node_modules/.bin/buf"), args, { stdio: "inherit", cwd: root });
  if (run.status !== 0) throw new Error(`buf generate for packages/${packageName}: exit code ${run.status}`);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

function differingFiles(wanted: string, present: string): string[] {
  const names = new Set([...filesBelow(wanted), ...filesBelow(present)]);
  return [...names].filter((name) => {
    const paths = [join(wanted, name), join(present, name)];
    return !paths.every((path) => existsSync(path)) || new Set(paths.map((path) => readFileSync(path, "utf8"))).size > 1;
  });
}

function main(): number {
  const check = process.argv.includes("--check");
  const scratch = mkdtempSync(join(tmpdir(), "generate-protos-"));
  try {
    let stale = 0;
    for (const name of packages) {
      const fresh = join(scratch, name);
      const present = join(root, "packages", name, "src/gen");
      generate(name, fresh);
      for (const file of differingFiles(fresh, present)) {
        stale += 1;
        console.error(`packages/${name}/src/gen/${file} ${check ? "is stale: run node scripts/generate-protos.ts" : "written"}`);
      }
      if (check) continue;
      rmSync(present, { recursive: true, force: true });
      cpSync(fresh, present, { recursive: true });
    }
    return check && stale > 0 ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

process.exitCode = main();

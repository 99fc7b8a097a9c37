// npm run build: one executable (dist/nomad-driver-podman) and the same program as a file for an installed Node (….mjs). In the
// executable the command line's side is an asset, so that a plugin does not hold it (packages/cli/src/load-cli.ts).
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type BuildOptions } from "esbuild";
import { isFresh, writeStamp } from "./build/build-stamp.ts";
import { lazyBuiltins } from "./build/lazy-builtins.ts";
import { hideSymbols } from "./build/hide-symbols.ts";
import { shrinkIcu } from "./build/shrink-icu.ts";
import { stripElf } from "./build/strip-elf.ts";
import { collectLicences } from "./build/third-party-licences.ts";

const entry = "packages/cli/src/main.ts";
const cliEntry = "packages/cli/src/run-cli.ts";
const output = "dist/nomad-driver-podman";
const stampPath = "dist/.stamp.json";
const nodePackage = `node_modules/node-linux-${process.arch}`;

/** Files that travel inside the executable, by the name under which the program asks for them. */
const assets: Readonly<Record<string, string>> = {
  "web-tree-sitter.wasm": "node_modules/web-tree-sitter/web-tree-sitter.wasm",
  "tree-sitter-hcl.wasm": "node_modules/@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-hcl.wasm",
  "hcl2json.wasm.gz": "node_modules/@cdktn/hcl2json/main.wasm.gz",
};

/**
 * Young objects die young here, one helper is enough for the rest, and nobody should start a debugger in a plugin by a signal. Code is
 * compiled where it runs (docs/decisions/0021), and no authorities are read before they are needed (docs/decisions/0023). Any other
 * flag of V8 may put its own caches out of use: measure the start.
 */
export const execArgv = [
  "--max-semi-space-size=2",
  "--disable-sigusr1",
  "--v8-pool-size=1",
  "--no-concurrent-recompilation",
  "--no-concurrent-sparkplug",
  "--use-openssl-ca",
];

/** Builds when a source, a bundled package, an asset or Node changed since the last build; false when nothing had. */
export async function buildWhenStale(): Promise<boolean> {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  if (existsSync(output) && existsSync(`${output}.mjs`) && (await isFresh(stampPath))) return false;
  await mkdir("dist", { recursive: true });
  const folder = await mkdtemp("dist/.build-");
  try {
    const sources = await bundle(entry, join(folder, "whole.mjs"));
    await chmod(join(folder, "whole.mjs"), 0o755);
    await bundle(entry, join(folder, "main.mjs"), { external: ["./run-cli.ts"] });
    await bundle(cliEntry, join(folder, "run-cli.cjs"), asFunction);
    await buildExecutable(folder);
    const licensed = [...sources, ...Object.values(assets), `${nodePackage}/package.json`];
    await writeFile("dist/THIRD_PARTY_LICENSES", collectLicences(licensed));
    await rename(join(folder, "whole.mjs"), `${output}.mjs`);
    await rename(join(folder, "executable"), output);
    const scripts = [
      "scripts/build.ts",
      "scripts/build/dynamic-symbols.ts",
      "scripts/build/elf.ts",
      "scripts/build/hide-symbols.ts",
      "scripts/build/icu-package.ts",
      "scripts/build/lazy-builtins.ts",
      "scripts/build/shrink-icu.ts",
      "scripts/build/strip-elf.ts",
      "scripts/build/third-party-licences.ts",
      "scripts/build/write-code-cache.ts",
    ];
    await writeStamp(stampPath, [...licensed, ...scripts]);
    return true;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A script whose value is a function for load-cli.ts to call; it imports nothing. */
const asFunction: BuildOptions = {
  format: "cjs",
  banner: { js: "(function (module, moduleUrl) {" },
  footer: { js: "})" },
  define: { "import.meta.url": "moduleUrl" },
};

/** Names stay as they are, so that a stack trace can be read. Dynamic imports stay lazy. Returns the files that went in. */
async function bundle(entryPoint: string, outfile: string, options: BuildOptions = {}): Promise<string[]> {
  const result = await build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    // jsonc-parser's other form finds its parts by a call that no bundler can follow.
    mainFields: ["module", "main"],
    target: "node26",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    plugins: [lazyBuiltins],
    inject: ["scripts/build/rpc-headers.ts"],
    // Read at the start: in a single executable, Node can no longer tell it once the module's wrapper is collected.
    banner: { js: "import.meta.url;" },
    logLevel: "warning",
    ...options,
    metafile: true,
  });
  await requireAscii(outfile);
  return Object.keys(result.metafile.inputs).toSorted();
}

/**
 * One character of another alphabet, in a regular expression for instance, and the engine keeps the whole source in two bytes a
 * character.
 */
async function requireAscii(path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const found = /[^\0-\x7f]/.exec(text);
  if (found === null) return;
  const place = text.slice(Math.max(0, found.index - 60), found.index + 20);
  throw new Error(`the bundle must be plain ASCII: write ${JSON.stringify(found[0])} as an escape in …${place}…`);
}

async function buildExecutable(folder: string): Promise<void> {
  const cli = { "run-cli.cjs": join(folder, "run-cli.cjs"), "run-cli.cache": join(folder, "run-cli.cache") };
  await promisify(execFile)(process.execPath, [...execArgv, "scripts/build/write-code-cache.ts", ...Object.values(cli)]);
  const config = {
    main: join(folder, "main.mjs"),
    mainFormat: "module",
    output: join(folder, "executable"),
    executable: await stripPinnedNode(),
    useCodeCache: true,
    disableExperimentalSEAWarning: true,
    execArgv,
    execArgvExtension: "none",
    assets: { ...assets, ...cli },
  };
  await writeFile(join(folder, "sea.json"), JSON.stringify(config));
  await promisify(execFile)(process.execPath, ["--build-sea", join(folder, "sea.json")]);
  await writeFile(config.output, hideSymbols(shrinkIcu(await readFile(config.output))));
  await chmod(config.output, 0o755);
}

/** The pinned Node without symbols, kept for the next build. */
async function stripPinnedNode(): Promise<string> {
  const path = `node_modules/.cache/nomad-driver-podman/node-${process.version}-${process.arch}`;
  const known = await readFile(`${path}.done`, "utf8").catch(() => undefined);
  if (known !== undefined) return path;
  await mkdir("node_modules/.cache/nomad-driver-podman", { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await copyFile(`${nodePackage}/bin/node`, temporary);
  await writeFile(temporary, stripElf(await readFile(temporary)));
  await rename(temporary, path);
  await writeFile(`${path}.done`, "");
  return path;
}

if (import.meta.main) {
  const startMs = performance.now();
  const built = await buildWhenStale();
  process.stdout.write(built ? `${output} built in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n` : `${output} is up to date\n`);
}

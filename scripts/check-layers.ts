// Checks who imports whom: ARCHITECTURE.md draws the layers, this file holds the code to them, and no files or folders to a circle.
import { globSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { findCircles, findFolderCircles, type Import } from "./find-circles.ts";

/** Imports go to a lower level only; packages of one level do not know each other. */
const levels: Readonly<Record<string, number>> = {
  std: 0,
  "go-plugin": 1,
  hcl: 1,
  libpod: 1,
  "nomad-plugin": 2,
  "nomad-host": 3,
  "podman-driver": 3,
  cli: 4,
};

/**
 * Floors inside a package: a folder of `src`, or a file that stands in `src` itself, imports only what is on its own floor's
 * folder or below. Types count.
 */
const floors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "podman-driver": {
    "back-off.ts": 0,
    "bell.ts": 0,
    "join-waits.ts": 0,
    "errors.ts": 0,
    "identity.ts": 0,
    "repeated-failure.ts": 0,
    "repeated-refusals.ts": 0,
    "settle-or-abort.ts": 0,
    "shared-outcome.ts": 0,
    config: 1,
    host: 2,
    engine: 3,
    image: 4,
    topics: 5,
    policy: 6,
    plan: 7,
    logs: 8,
    "driver-services.ts": 9,
    task: 10,
    reap: 10,
    "driver.ts": 11,
    "index.ts": 12,
    "start.ts": 12,
  },
};

/** Imported by tests and scripts alone, and not by tests of the lowest levels: it stands on what they test. */
const testPackage = "testing";
const lowestTestedWithIt = 2;

/** The only packages that may know the wire format. */
const wirePackages = ["go-plugin", "nomad-plugin"];

/** An import as a source text has it. */
export interface FoundImport extends Import {
  /** Types alone load nothing; a dynamic import loads when it is reached. */
  readonly kind: "static" | "types" | "dynamic";
}

/** What a package.json declares. */
export interface Manifest {
  /** Names of the packages its sources may import. */
  readonly runtime: readonly string[];
  /** Names of those that its tests may import as well. */
  readonly test: readonly string[];
  /** Its entries besides its name alone: `/values` for `@driver/hcl/values`. */
  readonly entries?: readonly string[];
}

/** The manifests by folder name. */
export type Manifests = Readonly<Record<string, Manifest>>;

/** Finds the static and dynamic imports and re-exports of a source text. */
export function findImports(file: string, source: string): FoundImport[] {
  const pattern =
    /(?:^|[\n;])\s*(?:import|export)\s(type\s)?[^"'`;]*?from\s*"([^"]+)"|(?:^|[\n;])\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g;
  return [...source.matchAll(pattern)].map(([, type, named, alone, dynamic]) => ({
    file,
    specifier: named ?? alone ?? dynamic ?? "",
    kind: dynamic !== undefined ? "dynamic" : type === undefined ? "static" : "types",
  }));
}

/** Says what is wrong with an import, or undefined. */
export function checkImport(wanted: Import, declared: Manifests): string | undefined {
  const owner = /^packages\/([^/]+)\//.exec(wanted.file)?.[1];
  const target = /^@driver\/([^/]+)(\/.*)?$/.exec(wanted.specifier);
  if (target !== null) return checkWorkspaceImport(wanted, owner, { name: target[1] ?? "", path: target[2] ?? "", declared });
  if (wanted.specifier.startsWith(".")) return checkRelativeImport(wanted, owner);
  if (owner === undefined || isBuiltin(wanted.specifier)) return undefined;
  return checkExternalImport(wanted, owner, declared);
}

interface WorkspaceTarget {
  readonly name: string;
  readonly path: string;
  readonly declared: Manifests;
}

function checkWorkspaceImport(wanted: Import, owner: string | undefined, target: WorkspaceTarget): string | undefined {
  const isEntry = target.path === "" || target.declared[target.name]?.entries?.includes(target.path) === true;
  if (!isEntry) return "reaches into another package; import one of its entries";
  if (owner === undefined || owner === target.name) return undefined;
  const inTest = isTest(wanted.file);
  const dependencies = target.declared[owner];
  const known = [...(dependencies?.runtime ?? []), ...(inTest ? (dependencies?.test ?? []) : [])];
  if (!known.includes(`@driver/${target.name}`)) return `is not declared in packages/${owner}/package.json`;
  if (owner === testPackage) return undefined;
  const [from, to] = [levels[owner], levels[target.name]];
  if (target.name === testPackage) {
    if (!inTest) return "is for tests and scripts alone";
    return from !== undefined && from < lowestTestedWithIt ? `is not for tests of level ${from}` : undefined;
  }
  if (from === undefined || to === undefined) return "has no level in scripts/check-layers.ts";
  return to < from ? undefined : `goes from level ${from} to level ${to}`;
}

function checkRelativeImport(wanted: Import, owner: string | undefined): string | undefined {
  const path = normalize(join(dirname(wanted.file), wanted.specifier));
  const target = /^packages\/([^/]+)\//.exec(path)?.[1];
  if (target !== undefined && target !== owner) return "leaves its package; import the other one by its name";
  const floorComplaint = owner === undefined || isTest(wanted.file) ? undefined : checkFloors(owner, wanted.file, path);
  if (floorComplaint !== undefined) return floorComplaint;
  if (/^packages\/[^/]+\/src\/index\.ts$/.test(wanted.file) && path.includes("/gen/")) return "lets generated types out of the package";
  return undefined;
}

function checkFloors(owner: string, file: string, target: string): string | undefined {
  const known = floors[owner];
  const [from, to] = [roomOf(file), roomOf(target)];
  if (known === undefined || from === undefined || to === undefined || from === to) return undefined;
  const [fromFloor, toFloor] = [known[from], known[to]];
  if (fromFloor === undefined || toFloor === undefined) return `stands in a folder without a floor in scripts/check-layers.ts`;
  if (toFloor < fromFloor) return undefined;
  return `goes from ${from}, on floor ${fromFloor}, to ${to}, on floor ${toFloor}`;
}

/** The folder of `src` that a file is in, or its own name where it stands in `src` itself. */
function roomOf(file: string): string | undefined {
  return /^packages\/[^/]+\/src\/([^/]+)/.exec(file)?.[1];
}

function checkExternalImport(wanted: Import, owner: string, declared: Manifests): string | undefined {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(wanted.specifier)?.[0] ?? wanted.specifier;
  const onWire = name.startsWith("@bufbuild/") || name.startsWith("@connectrpc/");
  if (onWire && !wirePackages.includes(owner) && !isTest(wanted.file)) return `is for ${wirePackages.join(" and ")} alone`;
  const dependencies = [...(declared[owner]?.runtime ?? []), ...(isTest(wanted.file) ? (declared[owner]?.test ?? []) : [])];
  return dependencies.includes(name) ? undefined : `is not declared in packages/${owner}/package.json`;
}

function isTest(file: string): boolean {
  return file.endsWith(".test.ts") || /^packages\/[^/]+\/test\//.test(file);
}

function readManifests(): Manifests {
  const shared = namesIn("package.json", "devDependencies");
  return Object.fromEntries(
    globSync("packages/*/package.json").map((path) => {
      const runtime = namesIn(path, "dependencies");
      const entries = namesIn(path, "exports").map((entry) => entry.slice(1));
      return [path.split("/")[1] ?? "", { runtime, test: [...namesIn(path, "devDependencies"), ...shared], entries }];
    }),
  );
}

function namesIn(path: string, section: string): string[] {
  const manifest: Record<string, unknown> = JSON.parse(readFileSync(path, "utf8"));
  return Object.keys(manifest[section] ?? {});
}

if (import.meta.main) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const declared = readManifests();
  const files = globSync(["packages/*/{src,test,docs}/**/*.ts", "packages/*/*.ts", "{scripts,bench,e2e}/**/*.ts"]);
  const imports = files.flatMap((file) => findImports(file, readFileSync(file, "utf8")));
  const astray = imports.flatMap((wanted) => {
    const complaint = checkImport(wanted, declared);
    return complaint === undefined ? [] : [`${wanted.file}: import of "${wanted.specifier}" ${complaint}`];
  });
  const found = [...findCircles(imports), ...findFolderCircles(imports)];
  const circles = found.map((circle) => `import each other in a circle: ${circle.join(", ")}`);
  const complaints = [...astray, ...circles];
  for (const complaint of complaints.toSorted()) process.stdout.write(`${complaint}\n`);
  process.exitCode = complaints.length === 0 ? 0 : 1;
}

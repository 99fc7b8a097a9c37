import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findImports } from "./check-layers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Every file and foreign package that is loaded with a file of the repository. */
function loadedWith(entry: string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    if (!path.endsWith(".ts")) return;
    const imports = findImports(path, readFileSync(join(root, path), "utf8"));
    for (const { specifier } of imports.filter(({ kind }) => kind === "static")) visit(resolve(path, specifier));
  };
  visit(entry);
  return loaded;
}

function resolve(from: string, specifier: string): string {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier));
  const [, name, entry = ""] = /^@driver\/([^/]+)(\/.*)?$/.exec(specifier) ?? [];
  if (name === undefined) return specifier;
  const { exports }: { exports: Record<string, string> } = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
  return normalize(join("packages", name, exports[`.${entry}`] ?? assert.fail(`${specifier} has no file`)));
}

test("a plugin start loads nothing of the driver but its name", () => {
  const start = [...loadedWith("packages/cli/src/run-plugin.ts")];
  assert.ok(start.includes("packages/podman-driver/src/identity.ts"));
  const own = start.filter((path) => /^packages\/(podman-driver|libpod|hcl|nomad-host)\//.test(path));
  assert.deepEqual(own, ["start", "host/core-file", "identity"].map((name) => `packages/podman-driver/src/${name}.ts`));
});

test("a plugin loads forms of messages, and never their descriptions", () => {
  const entries = ["cli/src/run-plugin.ts", "nomad-plugin/src/server/driver-methods.ts"];
  const plugin = entries.flatMap((entry) => [...loadedWith(`packages/${entry}`)]);
  assert.ok(plugin.includes("packages/nomad-plugin/src/gen/driver_forms.ts"));
  assert.deepEqual(plugin.filter((path) => path.endsWith("_pb.ts")), []);
});

test("the driver loads of HCL its values alone", () => {
  const driver = [...loadedWith("packages/podman-driver/src/driver.ts")];
  assert.ok(driver.includes("packages/hcl/src/values.ts"));
  const unwanted = /^packages\/hcl\/src\/(index\.ts|parser\/|evaluation\/)|^packages\/nomad-host\/|tree-sitter|hcl2json/;
  assert.deepEqual(driver.filter((path) => unwanted.test(path)), []);
});

test("reading a job file loads the parser, so the walk above would see it", () => {
  assert.ok(loadedWith("packages/cli/src/commands/run-command.ts").has("web-tree-sitter"));
});

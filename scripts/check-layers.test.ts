import assert from "node:assert/strict";
import { test } from "node:test";
import { checkImport, findImports } from "./check-layers.ts";

const declared = {
  std: { runtime: ["@driver/libpod"], test: [] },
  "go-plugin": { runtime: ["@connectrpc/connect", "@driver/std"], test: ["@driver/testing", "fast-check"] },
  hcl: { runtime: [], test: [], entries: ["", "/values"] },
  "nomad-plugin": { runtime: ["@driver/go-plugin", "@driver/hcl"], test: [] },
  "nomad-host": { runtime: ["@driver/nomad-plugin", "@driver/podman-driver", "@driver/go-plugin"], test: ["@driver/testing"] },
  "podman-driver": { runtime: ["@driver/libpod", "@connectrpc/connect", "@driver/cli"], test: ["@driver/testing"] },
};

const cases: readonly { file: string; specifier: string; complaint?: RegExp }[] = [
  { file: "packages/nomad-plugin/src/a.ts", specifier: "@driver/go-plugin" },
  { file: "packages/nomad-host/src/a.ts", specifier: "@driver/go-plugin" },
  { file: "packages/go-plugin/src/a.ts", specifier: "@driver/std" },
  { file: "packages/std/src/a.ts", specifier: "@driver/libpod", complaint: /level 0 to level 1/ },
  { file: "packages/nomad-plugin/src/a.ts", specifier: "@driver/hcl/values" },
  { file: "packages/nomad-host/src/a.ts", specifier: "node:fs" },
  { file: "packages/nomad-host/src/a.test.ts", specifier: "@driver/testing" },
  { file: "packages/go-plugin/test/a.ts", specifier: "fast-check" },
  { file: "packages/go-plugin/test/a.test.ts", specifier: "../src/gen/shell.ts" },
  { file: "scripts/a.ts", specifier: "@driver/testing" },
  { file: "packages/nomad-host/src/a.ts", specifier: "@driver/podman-driver", complaint: /level 3 to level 3/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@driver/cli", complaint: /level 3 to level 4/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@driver/nomad-plugin", complaint: /not declared/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@driver/libpod/src/client.ts", complaint: /reaches into/ },
  { file: "packages/nomad-plugin/src/a.ts", specifier: "@driver/hcl/src/values.ts", complaint: /reaches into/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@driver/hcl/values", complaint: /not declared/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "../../libpod/src/client.ts", complaint: /leaves its package/ },
  { file: "scripts/a.ts", specifier: "../packages/libpod/src/client.ts", complaint: /leaves its package/ },
  { file: "packages/podman-driver/src/topics/a.ts", specifier: "../config/b.ts" },
  { file: "packages/podman-driver/src/topics/a.test.ts", specifier: "../plan/b.ts" },
  { file: "packages/podman-driver/src/topics/a.ts", specifier: "../plan/b.ts", complaint: /from topics, on floor 5, to plan, on floor 7/ },
  { file: "packages/podman-driver/src/host/a.ts", specifier: "../engine/b.ts", complaint: /from host, on floor 2, to engine, on floor 3/ },
  { file: "packages/podman-driver/src/config/a.ts", specifier: "../cellar/b.ts", complaint: /without a floor/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@driver/testing", complaint: /not declared/ },
  { file: "packages/go-plugin/test/a.test.ts", specifier: "@driver/testing", complaint: /level 1/ },
  { file: "packages/podman-driver/src/a.ts", specifier: "@connectrpc/connect", complaint: /alone/ },
  { file: "packages/nomad-plugin/src/index.ts", specifier: "./gen/driver_pb.ts", complaint: /generated/ },
  { file: "packages/go-plugin/src/a.ts", specifier: "fast-check", complaint: /not declared/ },
];

for (const { file, specifier, complaint } of cases) {
  test(`${file} ${complaint === undefined ? "may" : "must not"} import ${specifier}`, () => {
    const found = checkImport({ file, specifier }, declared);
    if (complaint === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", complaint);
  });
}

test("static, side-effect, type and dynamic imports and re-exports are found", () => {
  const source =
    'import { a } from "one";\nimport type {\n  B,\n} from "two";\nimport "three";\n' +
    'export * from "four";\nconst five = await import("five");\n';
  assert.deepEqual(
    findImports("x.ts", source).map((found) => [found.specifier, found.kind]),
    [["one", "static"], ["two", "types"], ["three", "static"], ["four", "static"], ["five", "dynamic"]],
  );
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findCircles, findFolderCircles } from "./find-circles.ts";

const importsOf = (folder: string, graph: Readonly<Record<string, string>>): { readonly file: string; readonly specifier: string }[] =>
  Object.entries(graph).flatMap(([from, to]) => [...to].map((target) => ({ file: `${folder}/${from}.ts`, specifier: `./${target}.ts` })));

const cases: readonly { readonly graph: Readonly<Record<string, string>>; readonly circles: readonly string[] }[] = [
  { graph: { a: "bc", b: "c", c: "d" }, circles: [] },
  { graph: { a: "b", b: "a" }, circles: ["ab"] },
  { graph: { a: "b", b: "c", c: "da", d: "" }, circles: ["abc"] },
  { graph: { a: "b", b: "a", c: "d", d: "ec", e: "a" }, circles: ["ab", "cd"] },
  { graph: { a: "bd", b: "c", c: "b", d: "c" }, circles: ["bc"] },
];
for (const { graph, circles } of cases) {
  test(`finds ${circles.join(" and ") || "no circle"} in ${JSON.stringify(graph)}`, () => {
    const found = findCircles(importsOf("src", graph)).map((circle) => circle.map((file) => file.slice(4, 5)).join(""));
    assert.deepEqual(found.toSorted(), circles);
  });
}

test("follows an import to another folder", () => {
  const imports = [
    { file: "src/one/a.ts", specifier: "../two/b.ts" },
    { file: "src/two/b.ts", specifier: "../one/a.ts" },
    { file: "src/two/b.ts", specifier: "node:fs" },
  ];
  assert.deepEqual(findCircles(imports), [["src/one/a.ts", "src/two/b.ts"]]);
});

test("lets the evaluator be recursive, and nobody with it", () => {
  const own = importsOf("packages/hcl/src/evaluation", { a: "b", b: "a" });
  assert.deepEqual(findCircles(own), []);
  const beyond = [
    { file: "packages/hcl/src/evaluation/a.ts", specifier: "../value/c.ts" },
    { file: "packages/hcl/src/value/c.ts", specifier: "../evaluation/a.ts" },
  ];
  assert.equal(findCircles([...own, ...beyond]).length, 1);
});

describe("a circle of folders", () => {
  const between = (from: string, to: string): { readonly file: string; readonly specifier: string } => ({
    file: `src/${from}`,
    specifier: `${"../".repeat(from.split("/").length - 1) || "./"}${to}`,
  });

  test("is found where no two files make one", () => {
    assert.deepEqual(findFolderCircles([between("one/a.ts", "two/b.ts"), between("two/c.ts", "one/d.ts")]), [["src/one", "src/two"]]);
  });

  test("goes through inner folders and through files beside a folder", () => {
    const imports = [between("one/deep/a.ts", "two/b.ts"), between("two/c.ts", "d.ts"), between("d.ts", "one/e.ts")];
    assert.deepEqual(findFolderCircles(imports), [["src/d.ts", "src/one", "src/two"]]);
  });

  test("is none where a folder and a file above it know each other, nor where a test closes it, nor of files alone", () => {
    assert.deepEqual(findFolderCircles([between("one/a.ts", "one/deep/b.ts"), between("one/deep/b.ts", "one/c.ts")]), []);
    assert.deepEqual(findFolderCircles([between("one/a.ts", "two/b.ts"), between("two/c.test.ts", "one/d.ts")]), []);
    assert.deepEqual(findFolderCircles([between("a.ts", "b.ts"), between("b.ts", "a.ts")]), []);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { findCircles } from "./find-circles.ts";

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

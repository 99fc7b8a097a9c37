import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toFeatureTables, type FeatureRow } from "./feature-table.ts";
import { findTestTitles } from "./test-titles.ts";

describe("the titles of tests", () => {
  const rows: readonly (readonly [source: string, titles: readonly string[]])[] = [
    ['test("a", () => {});\ndescribe("b", () => {\n  test(\n    "c", async (t) => {});\n});', ["a", "b", "c"]],
    [String.raw`test('it\'s "so"', work);`, [`it's "so"`]],
    ["test(`takes ${one} and ${JSON.stringify({ a: `}${two}` })}.`, work);", ["takes … and …."]],
    ["test(`${isIt ? \"}\" : '{'} it`, work);", ["… it"]],
    ["test(title, work); latest(\"x\"); runTest(\"y\");", []],
  ];
  for (const [source, titles] of rows) test(`are found in ${source}`, () => assert.deepEqual(findTestTitles(source), titles));
});

describe("the tables of features", () => {
  const ofRows = (...rows: FeatureRow[]): string => toFeatureTables([{ title: "Things", rows }]);
  const real = "scripts/docs/feature-table > the tables of features";

  test("have a row for each, with links to its tests, and a count", () => {
    assert.equal(
      ofRows(["one", "M", real, "in part"], ["two", "M"], ["three", "S", "later"], ["four", "N", "no use"]),
      `| Priority | Features | With a test |
| --- | --- | --- |
| M: must | 2 | 1 |
| S: should | 1 | 0 |
| C: could | 0 | 0 |

### Things

| Feature | Priority | Test |
| --- | --- | --- |
| one | M | [scripts/docs/feature-table](../scripts/docs/feature-table.test.ts): the tables of features<br>in part |
| two | M | **not yet** |
| three | S | **not yet**: later |
| four | N | no use |`,
    );
  });

  test("cannot be made when a test is gone, and say of which features", () => {
    const lost = ["scripts/docs/feature-table > the table of features", "scripts/docs/no-such-file > x"];
    assert.throws(() => ofRows(["one", "M", real], ["two", "S", lost[0] ?? ""], ["three", "C", real, lost[1] ?? ""]), {
      message: `no such test:\ntwo: ${lost[0]}\nthree: ${lost[1]}`,
    });
  });
});

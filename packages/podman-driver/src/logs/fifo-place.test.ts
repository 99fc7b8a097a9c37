import assert from "node:assert/strict";
import { test } from "node:test";
import { toFifoPlace } from "./fifo-place.ts";

const cases: readonly (readonly [allocDir: string, path: string, base: string, names: readonly string[], fileName: string])[] = [
  ["/alloc/1", "/alloc/1/alloc/logs/.web.stdout.fifo", "/alloc/1", ["alloc", "logs"], ".web.stdout.fifo"],
  ["/alloc/1/", "/alloc/1/alloc//logs/./x", "/alloc/1/", ["alloc", "logs"], "x"],
  ["/alloc/1", "/alloc/1/x", "/alloc/1", [], "x"],
  ["/alloc/1", "/alloc/1/task/out/x", "/alloc/1", ["task", "out"], "x"],
  ["/alloc/1", "/alloc/12/alloc/logs/x", "/alloc/12/alloc/logs", [], "x"],
  ["/alloc/1", "/run/fifos/x", "/run/fifos", [], "x"],
  ["/alloc/1", "/alloc/1/../x", "/alloc", [], "x"],
  ["/alloc/1", "/alloc/1/..y/x", "/alloc/1", ["..y"], "x"],
];

for (const [allocDir, path, base, names, fileName] of cases) {
  test(`trusts what is above the allocation's folder and nothing below it: ${path}`, () => {
    assert.deepEqual(toFifoPlace(allocDir, path), { base, names, fileName });
  });
}

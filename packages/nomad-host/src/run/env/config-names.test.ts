import assert from "node:assert/strict";
import { test } from "node:test";

import { toConfigNames } from "./config-names.ts";

test("a config block sees the environment plainly and below env, and the node's names as objects", () => {
  const names = toConfigNames({ A: "1", "a.b": "2" }, new Map([["attr.kernel.name", "linux"], ["node.class", "x"]]));
  assert.deepEqual(JSON.parse(JSON.stringify(names)), {
    A: "1",
    a: { b: "2" },
    env: { A: "1", "a.b": "2" },
    attr: { kernel: { name: "linux" } },
    node: { class: "x", attr: { kernel: { name: "linux" } } },
  });
});

for (const order of [["attr.driver.x", "attr.driver.x.version"], ["attr.driver.x.version", "attr.driver.x"]]) {
  test(`what lies below a name counts more than its own value: ${order.join(", ")}`, () => {
    const names = toConfigNames({}, new Map(order.map((name) => [name, "1"])));
    assert.deepEqual(JSON.parse(JSON.stringify(names["attr"])), { driver: { x: { version: "1" } } });
  });
}

test("a name with an empty part is below env only", () => {
  const names = toConfigNames({ "a..b": "1", ".c": "2", "d.": "3" }, new Map());
  assert.deepEqual(Object.keys(names), ["node", "env"]);
});

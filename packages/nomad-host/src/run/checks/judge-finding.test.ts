import assert from "node:assert/strict";
import { test } from "node:test";

import { judgeHttp, judgeScript } from "./judge-finding.ts";

const answers: readonly (readonly [statusCode: number, nomad: string, consul: string])[] = [
  [200, "passing", "passing"],
  [204, "passing", "passing"],
  [304, "passing", "critical"],
  [399, "passing", "critical"],
  [404, "critical", "critical"],
  [429, "critical", "warning"],
  [500, "critical", "critical"],
];

for (const [statusCode, nomad, consul] of answers)
  test(`HTTP ${statusCode} is ${nomad} to Nomad and ${consul} to Consul`, () => {
    assert.deepEqual([judgeHttp(statusCode, "nomad"), judgeHttp(statusCode, "consul")], [nomad, consul]);
  });

test("the end of a script is passing, warning or critical", () => {
  assert.deepEqual(
    [0, 1, 2, 127].map((exitCode) => judgeScript({ exitCode, signal: 0 })),
    ["passing", "warning", "critical", "critical"],
  );
  assert.equal(judgeScript({ exitCode: 0, signal: 9 }), "critical");
});

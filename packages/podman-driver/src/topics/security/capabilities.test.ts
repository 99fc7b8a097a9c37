import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HclRecord } from "@driver/nomad-plugin";
import { mistakesOf, specOf } from "../../../test/plan-of.ts";

const rows: readonly { readonly config: HclRecord; readonly spec: object }[] = [
  { config: {}, spec: {} },
  { config: { privileged: false, cap_add: [], cap_drop: [] }, spec: {} },
  { config: { privileged: true }, spec: { privileged: true } },
  { config: { cap_add: ["net_admin", "CAP_SYS_TIME", "SYS_TIME", ""] }, spec: { cap_add: ["NET_ADMIN", "SYS_TIME"] } },
  { config: { cap_drop: ["all"], cap_add: ["CHOWN"] }, spec: { cap_drop: ["ALL"], cap_add: ["CHOWN"] } },
  { config: { cap_add: ["ALL"], cap_drop: ["SYS_ADMIN"] }, spec: { cap_add: ["ALL"], cap_drop: ["SYS_ADMIN"] } },
];

describe("capabilities", () => {
  for (const { config, spec } of rows) {
    test(`${JSON.stringify(config)} becomes ${JSON.stringify(spec)}`, () => {
      const { privileged, cap_add: add, cap_drop: drop } = specOf({ config });
      assert.deepEqual(
        {
          ...(privileged !== undefined && { privileged }),
          ...(add !== undefined && { cap_add: add }),
          ...(drop !== undefined && { cap_drop: drop }),
        },
        spec,
      );
    });
  }

  const mistakes: readonly { readonly config: HclRecord; readonly says: RegExp }[] = [
    {
      config: { cap_add: ["NET_ADMN"] },
      says: /^cap_add > config key cap_add: "NET_ADMN" is no capability; write ALL or one of AUDIT_CONTROL/,
    },
    { config: { cap_add: ["mknod"], cap_drop: ["CAP_MKNOD"] }, says: /^cap_drop > .*"MKNOD" is in cap_add as well/ },
    { config: { cap_add: ["ALL"], cap_drop: ["all"] }, says: /^cap_drop > .*"ALL" is in cap_add as well/ },
    { config: { privileged: true, cap_drop: ["NET_RAW"] }, says: /^cap_drop > .*\["NET_RAW"\] has no effect beside privileged/ },
  ];
  for (const { config, says } of mistakes) {
    test(`${JSON.stringify(config)} is refused`, () => {
      const found = mistakesOf({ config });
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", says);
    });
  }
});

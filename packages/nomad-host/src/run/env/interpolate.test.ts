import assert from "node:assert/strict";
import { test } from "node:test";

import { interpolateText } from "./interpolate.ts";

const scope = new Map([
  ["NOMAD_JOB_ID", "web"],
  ["attr.kernel.name", "linux"],
  ["NOMAD_META_a-b", "1"],
]);

const texts: readonly (readonly [string, string])[] = [
  ["job ${NOMAD_JOB_ID} on ${attr.kernel.name}", "job web on linux"],
  ["${NOMAD_META_a-b}", "1"],
  ["${UNKNOWN} stays", "${UNKNOWN} stays"],
  ["$${NOMAD_JOB_ID} has no escape", "$web has no escape"],
  ["${ NOMAD_JOB_ID } has spaces", "${ NOMAD_JOB_ID } has spaces"],
  ['${attr["kernel.name"]}', '${attr["kernel.name"]}'],
  ["${upper(NOMAD_JOB_ID)}", "${upper(NOMAD_JOB_ID)}"],
  ["${NOMAD_JOB_ID", "${NOMAD_JOB_ID"],
];

for (const [text, expected] of texts) {
  test(`env value ${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => assert.equal(interpolateText(text, scope), expected));
}

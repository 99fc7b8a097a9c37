import assert from "node:assert/strict";
import { test } from "node:test";

import type { ConfigBody, HclValue } from "@driver/nomad-plugin";

import { RunError } from "../run-error.ts";
import { interpolateConfig, interpolateText } from "./interpolate.ts";

const scope = new Map([
  ["NOMAD_JOB_ID", "web"],
  ["attr.kernel.name", "linux"],
  ["attr.cpu.arch", "amd64"],
]);

const texts: readonly (readonly [string, string])[] = [
  ["job ${NOMAD_JOB_ID} on ${attr.kernel.name}", "job web on linux"],
  ['${attr["cpu.arch"]}', "amd64"],
  ["${UNKNOWN} stays", "${UNKNOWN} stays"],
  ["$${NOMAD_JOB_ID} is text", "${NOMAD_JOB_ID} is text"],
  ["${upper(NOMAD_JOB_ID)}", "${upper(NOMAD_JOB_ID)}"],
];

for (const [text, expected] of texts) {
  test(`env value ${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => assert.equal(interpolateText(text, scope), expected));
}

const position = { line: 7, column: 5 };

function body(name: string, value: HclValue): ConfigBody {
  return { position, blocks: [], attributes: [{ name, value, position }] };
}

test("replaces in lists, in maps with their keys, and in nested blocks with their labels", () => {
  const value = ["${NOMAD_JOB_ID}", 1, true, null, { "${NOMAD_JOB_ID}-key": "${attr.cpu.arch}" }];
  const outer: ConfigBody = {
    ...body("args", value),
    blocks: [{ type: "b", labels: ["${NOMAD_JOB_ID}"], position, body: body("x", "${NOMAD_JOB_ID}") }],
  };
  const result = interpolateConfig(outer, scope);
  assert.deepEqual(result.attributes[0]?.value, ["web", 1, true, null, { "web-key": "amd64" }]);
  assert.deepEqual(result.blocks[0]?.labels, ["web"]);
  assert.equal(result.blocks[0]?.body.attributes[0]?.value, "web");
});

const unknown: readonly (readonly [string, RegExp])[] = [
  ["${NOMAD_PORT_http}", /^image: unknown variable in \$\{NOMAD_PORT_http\}: NOMAD_PORT_http is not known; write \$\$\{…/],
  ["${meta.rack}", /nothing named meta\.… is known/],
  ["${attr.gpu.model}", /attr\.gpu\.model is not known/],
  ["${upper(NOMAD_JOB_ID)}", /^image: cannot evaluate \$\{upper\(NOMAD_JOB_ID\)\}: only references/],
];

for (const [value, message] of unknown) {
  test(`refuses ${value} in a config block and says where`, () => {
    assert.throws(
      () => interpolateConfig(body("image", value), scope),
      (error) => {
        assert(error instanceof RunError);
        assert.match(error.message, message);
        assert.deepEqual(error.position, position);
        return true;
      },
    );
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseReference, parseTemplate } from "./template.ts";

const text = (value: string) => ({ kind: "text", text: value });
const expression = (source: string, raw = `\${${source}}`) => ({ kind: "expression", source, raw });

const templates: readonly (readonly [string, readonly object[]])[] = [
  ["", []],
  ["plain $ and { and }", [text("plain $ and { and }")]],
  ["${a}", [expression("a")]],
  ["x${ a }y", [text("x"), expression("a", "${ a }"), text("y")]],
  ["${a}${b}", [expression("a"), expression("b")]],
  ["$${a}", [text("${a}")]],
  ["$$${a}", [text("$${a}")]],
  ["%%{ if a }%{ endif }", [text("%{ if a }%{ endif }")]],
  ["$%%{a}", [text("$%{a}")]],
  ['${meta["}"]}', [expression('meta["}"]')]],
  ["${f({a = 1})}", [expression("f({a = 1})")]],
  ["${unfinished", [text("${unfinished")]],
];

for (const [source, expected] of templates) {
  test(`splits ${JSON.stringify(source)}`, () => assert.deepEqual(parseTemplate(source), expected));
}

test("text that is escaped comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("$", "%", "{", "}", "a", '"') }), (original) => {
      // A sign just before the escape would be taken for a part of it.
      fc.pre(!original.includes("$${") && !original.includes("%%{"));
      const escaped = original.replace(/[$%](?=\{)/g, (sign) => sign + sign);
      const parts = parseTemplate(escaped);
      assert.deepEqual(parts, original === "" ? [] : [text(original)]);
    }),
  );
});

const references: readonly (readonly [string, string | undefined])[] = [
  ["NOMAD_PORT_http", "NOMAD_PORT_http"],
  ["attr.kernel.name", "attr.kernel.name"],
  ["attr.unique.network.ip-address", "attr.unique.network.ip-address"],
  ['attr["kernel.name"]', "attr.kernel.name"],
  ['env["HOME"]', "env.HOME"],
  ['meta[ "rack" ]', "meta.rack"],
  ["NOMAD_META_a.0", "NOMAD_META_a.0"],
  ["upper(NOMAD_JOB_NAME)", undefined],
  ["a + b", undefined],
  ["env[HOME]", undefined],
  ["1", undefined],
  ["", undefined],
];

for (const [source, expected] of references) {
  test(`takes ${JSON.stringify(source)} for ${expected ?? "no reference"}`, () => assert.equal(parseReference(source), expected));
}

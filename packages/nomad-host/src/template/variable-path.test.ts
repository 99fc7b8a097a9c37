import assert from "node:assert/strict";
import { test } from "node:test";

import { parseTaskTemplate, renderTaskTemplate } from "./task-template.ts";
import { formatVariablePath, parseVariablePath, parseVariablePrefix } from "./variable-path.ts";

const paths: readonly (readonly [text: string, path: string | undefined])[] = [
  ["a/b", "a/b"],
  ["/a/b/", "a/b"],
  ["//a//b", "a/b"],
  [" a/b ", "a/b"],
  ["a/b@default", "a/b"],
  ["a/b@default.global", "a/b"],
  ["a/b@x", "a/b@x"],
  ["a/b@x.global", "a/b@x"],
  ["a/b@default.eu", "a/b@default.eu"],
  ["", undefined],
  ["//", undefined],
  ["@x", undefined],
  ["a@", undefined],
  ["a@b@c", undefined],
];

for (const [text, path] of paths) {
  test(`the variable ${JSON.stringify(text)} is ${path ?? "none"}`, () => {
    const parsed = parseVariablePath(text);
    assert.equal(parsed === undefined ? undefined : formatVariablePath(parsed), path);
  });
}

test("of a prefix one slash at the start says nothing, and all others do", () => {
  const read = ["/a", "//a", "a/", "a//b", "/", "//", "", "@*", "a@x.eu", "a@b@c"].map((text) => parseVariablePrefix(text));
  assert.deepEqual(
    read.map((prefix) => (prefix === undefined ? undefined : `${prefix.path} ${prefix.namespace} ${prefix.region}`)),
    [
      ...["a default global", "/a default global", "a/ default global", "a//b default global"],
      ...[" default global", " default global", " default global", " * global", "a x eu", undefined],
    ],
  );
});

// Nomad's API answers for a/b whatever slashes are doubled; consul-template alone would not.
test("templates find a variable by its path, and lists by namespace", () => {
  const variables = new Map([
    ["a/b", { k: "1" }],
    ["a/c@x", { k: "2" }],
    ["a/b@x", { k: "3" }],
    ["a/d@x.eu", { k: "4" }],
  ]);
  const render = (text: string): string =>
    renderTaskTemplate(parseTaskTemplate(text, { left: "{{", right: "}}" }), { env: {}, variables, services: [] }, false);
  assert.equal(render('{{ (nomadVar "/a//b").k }}{{ (nomadVar "a/b@x").k }}{{ nomadVarExists "a//c@x" }}'), "13true");
  const list = (prefix: string) => render(`{{ range nomadVarList "${prefix}" }}{{ .Path }}@{{ .Namespace }} {{ end }}`);
  assert.equal(list("a"), "a/b@default ");
  assert.equal(list("a@x"), "a/b@x a/c@x ");
  assert.equal(list("@*"), "a/b@default a/b@x a/c@x ");
  assert.equal(list("a@x.eu"), "a/d@x ");
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { JobFileError, loadPluginConfig } from "../src/index.ts";
import { createJobFolder } from "./job/job-text.ts";

const { signal } = new AbortController();
const plugin = "nomad-driver-podman";

/** The plugin's config in a file of this name, as one value. */
async function load(name: string, text: string): Promise<unknown> {
  await using folder = await createJobFolder();
  const config = await loadPluginConfig(await folder.write(name, text), plugin, signal);
  if (config === undefined) return undefined;
  const blocks = config.blocks.map(({ type, labels, body }) => [
    [type, ...labels].join(" "),
    Object.fromEntries(body.attributes.map(({ name: key, value }) => [key, value])),
  ]);
  return Object.fromEntries([...config.attributes.map(({ name: key, value }) => [key, value]), ...blocks]);
}

for (const [name, wanted] of [
  ["agent-quoted-keys.hcl", ["socket_path"]],
  ["agent-config.json", ["socket_path", "volumes", "gc"]],
] as const) {
  test(`reads ${name}`, async () => {
    const config = await loadPluginConfig(join(import.meta.dirname, "cases", name), plugin, signal);
    assert.deepEqual(
      config?.attributes.map((attribute) => attribute.name),
      wanted,
    );
    assert.equal(config?.attributes[0]?.value, "unix:///run/podman/podman.sock");
  });
}

const inside = (text: string) => `plugin "${plugin}" {\n  config {\n    ${text}\n  }\n}\n`;

/** Nomad 2.0.5 accepts each (`nomad config validate`). */
const agents: readonly (readonly [title: string, name: string, text: string, config: unknown])[] = [
  ["a quoted key", "a.hcl", inside('"socket_path" = "x"'), { socket_path: "x" }],
  ["a block", "a.hcl", inside("volumes {\n enabled = true\n}"), { volumes: { enabled: true } }],
  [
    "an object with =",
    "a.hcl",
    inside('volumes = {\n enabled = true, selinuxlabel = "z"\n}'),
    { volumes: { enabled: true, selinuxlabel: "z" } },
  ],
  ["a list over lines", "a.hcl", inside('extra_labels = [\n "a", # one\n "b",\n]'), { extra_labels: ["a", "b"] }],
  ["all comments", "a.hcl", `// a\n/* b\n */\n# c\n${inside("x = 1 // d")}`, { x: 1 }],
  [
    "numbers and escapes",
    "a.hcl",
    inside('a = -1.5\nb = 0x10\nc = "a\\n\\"b\\" \\u00e9"\nd = false'),
    { a: -1.5, b: 16, c: 'a\n"b" é', d: false },
  ],
  ["a heredoc", "a.hcl", inside("a = <<EOF\none\n  two\nEOF"), { a: "one\n  two\n" }],
  ["an indented heredoc", "a.hcl", inside("a = <<-EOF\n      one\n        two\n      EOF"), { a: "one\n  two\n" }],
  ["a block with a name", "a.hcl", inside('socket "main" {\n path = "x"\n}'), { "socket main": { path: "x" } }],
  ["plugin as an object", "a.hcl", `plugin {\n "${plugin}" {\n config {\n a = 1\n }\n }\n}\n`, { a: 1 }],
  ["two plugin blocks, of which the later counts", "a.hcl", inside("a = 1") + inside("a = 2"), { a: 2 }],
  ["no config", "a.hcl", `plugin "${plugin}" {\n}\n`, undefined],
  [
    "JSON in lists",
    "a.json",
    JSON.stringify({ plugin: [{ [plugin]: [{ config: [{ a: [], b: [{ c: 1 }, { c: 2 }] }] }] }] }),
    { a: [], b: [{ c: 1 }, { c: 2 }] },
  ],
  ["JSON without the ending", "agent", JSON.stringify({ plugin: { [plugin]: { config: { a: { b: true } } } } }), { a: { b: true } }],
];

for (const [title, name, text, config] of agents) {
  test(`reads an agent's file with ${title}`, async () => assert.deepEqual(await load(name, text), config));
}

const refused: readonly (readonly [text: string, message: RegExp, line: number | undefined])[] = [
  ["a = \n", /a value was expected/, 2],
  ["a {\n b = 1\n", /the object is not closed/, 3],
  ["a = [1 2]\n", /, or \] was expected/, 1],
  ['a "b" 1\n', /= or \{ was expected behind a b/, 1],
  ["}\n", /a key was expected/, 1],
  ["a = nope\n", /a value was expected/, 1],
  ["a = <<X\nb\n", /no end line X/, 2],
  ['data_dir = "x"\n', /there is no plugin block$/, undefined],
  ['plugin "docker" {\n}\n', /there is only "docker"$/, undefined],
  ["a {\n".repeat(200), /nested too deeply/, 101],
];

for (const [text, message, line] of refused) {
  test(`refuses the agent's file ${JSON.stringify(text.slice(0, 30))}`, async () => {
    await assert.rejects(load("a.hcl", text), (error) => {
      assert.ok(error instanceof JobFileError);
      assert.match(error.message, message);
      assert.equal(error.position?.line, line);
      return true;
    });
  });
}

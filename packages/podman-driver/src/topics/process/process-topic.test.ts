import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, HclValue } from "@driver/nomad-plugin";
import { mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

type PlannedCommand = Pick<ContainerSpec, "command" | "entrypoint">;

function commandOf(config: HclRecord): PlannedCommand {
  const { command, entrypoint } = specOf({ config });
  return { ...(command !== undefined && { command }), ...(entrypoint !== undefined && { entrypoint }) };
}

const cases: readonly { readonly what: string; readonly given: HclRecord; readonly planned: PlannedCommand }[] = [
  { what: "nothing: the image decides", given: { args: [] }, planned: {} },
  { what: "a command", given: { command: "sleep", args: [] }, planned: { command: ["sleep"] } },
  {
    what: "a command and its arguments",
    given: { command: "sleep", args: ["1", "a b", ""] },
    planned: { command: ["sleep", "1", "a b", ""] },
  },
  { what: "arguments of the image's entrypoint", given: { args: ["-v"] }, planned: { command: ["-v"] } },
  { what: "an empty command, which is none", given: { command: "", args: [] }, planned: {} },
  { what: "an entrypoint", given: { args: [], entrypoint: ["/bin/sh", "-c"] }, planned: { entrypoint: ["/bin/sh", "-c"] } },
  {
    what: "an entrypoint of one string, which is not split",
    given: { args: ["x"], entrypoint: "echo -n" },
    planned: { command: ["x"], entrypoint: ["echo -n"] },
  },
  { what: "an empty entrypoint, which takes the image's away", given: { args: [], entrypoint: [] }, planned: { entrypoint: [] } },
  {
    what: "numbers and bools as HCL lets them through",
    given: { args: [], entrypoint: ["sleep", 1, true] },
    planned: { entrypoint: ["sleep", "1", "true"] },
  },
  { what: "an entrypoint of null", given: { args: [], entrypoint: null }, planned: {} },
];

for (const { what, given, planned } of cases) {
  test(`plans ${what}`, () => assert.deepEqual(commandOf(given), planned));
}

const noEntrypoints: readonly HclValue[] = [5, true, { a: "b" }, [["nested"]], [null]];
for (const entrypoint of noEntrypoints) {
  test(`refuses the entrypoint ${JSON.stringify(entrypoint)}`, () => {
    assert.throws(() => commandOf({ entrypoint }), {
      code: "config-invalid",
      message: /^config key entrypoint: .*must be a list of strings/,
    });
    assert.match(mistakesOf({ config: { entrypoint } }).join(), /^entrypoint > config key entrypoint: /);
  });
}

test("says that an entrypoint of one string is deprecated", () => {
  assert.match(
    planOf({ config: { entrypoint: "sh" } }).notices.join(),
    /entrypoint as a string is deprecated, and it is not split: write a list/,
  );
  assert.deepEqual(planOf({ config: { entrypoint: ["sh"] } }).notices, []);
});

const rows: readonly { readonly config: HclRecord; readonly planned: Partial<ContainerSpec> }[] = [
  { config: { init: true }, planned: { init: true } },
  { config: { init: true, init_path: "/sbin/tini" }, planned: { init: true, init_path: "/sbin/tini" } },
  { config: { init: false, init_path: "" }, planned: {} },
  { config: { tty: true, interactive: true }, planned: { terminal: true, stdin: true } },
  { config: { tty: false, interactive: false }, planned: {} },
  { config: { stop_signal: "SIGINT" }, planned: { stop_signal: 2 } },
  { config: { stop_signal: "usr1" }, planned: { stop_signal: 10 } },
  { config: { stop_signal: "SIGRTMIN+3" }, planned: { stop_signal: 37 } },
  { config: { stop_signal: "3" }, planned: { stop_signal: 3 } },
  { config: { stop_signal: "" }, planned: {} },
  { config: { stop_timeout: 0 }, planned: { stop_timeout: 0 } },
  { config: { stop_timeout: 30 }, planned: { stop_timeout: 30 } },
  { config: { timezone: "Europe/Paris" }, planned: { timezone: "Europe/Paris" } },
  { config: { timezone: "local" }, planned: { timezone: "local" } },
  { config: { timezone: "Etc/GMT+3" }, planned: { timezone: "Etc/GMT+3" } },
  { config: { umask: "0027" }, planned: { umask: "0027" } },
  { config: { umask: "77" }, planned: { umask: "77" } },
  { config: { timezone: "", umask: "", work_dir: "", hostname: "" }, planned: {} },
  { config: { working_dir: "/w" }, planned: { work_dir: "/w" } },
  { config: { work_dir: "/w" }, planned: { work_dir: "/w", create_working_dir: true } },
  { config: { hostname: "h".repeat(64) }, planned: { hostname: "h".repeat(64) } },
];
const plain = Object.keys(specOf());
for (const { config, planned } of rows) {
  test(`plans ${JSON.stringify(config)}`, () =>
    assert.deepEqual(Object.fromEntries(Object.entries(specOf({ config })).filter(([name]) => !plain.includes(name))), planned));
}

test("says that the path of an init is not used without one", () => {
  assert.deepEqual(planOf({ config: { init_path: "/sbin/tini" } }).notices, ["init_path is not used: the task does not set init = true"]);
});

const lookalike = "is no name of a time zone; write one such as Europe/Paris or UTC, or local for the host's";
const refusals: readonly { readonly config: HclRecord; readonly message: string }[] = [
  {
    config: { stop_signal: "STOPP" },
    message: 'stop_signal: "STOPP" is no signal; write a name such as SIGINT, INT or SIGRTMIN+3, or a number from 1 to 64',
  },
  {
    config: { stop_signal: "0" },
    message: 'stop_signal: "0" is no signal; write a name such as SIGINT, INT or SIGRTMIN+3, or a number from 1 to 64',
  },
  { config: { stop_timeout: -1 }, message: "stop_timeout: -1 is no time; write whole seconds, 0 to 2147483647" },
  { config: { timezone: "../../../etc/hostname" }, message: `timezone: "../../../etc/hostname" ${lookalike}` },
  { config: { timezone: "Europe/../../x" }, message: `timezone: "Europe/../../x" ${lookalike}` },
  { config: { timezone: "/etc/hostname" }, message: `timezone: "/etc/hostname" ${lookalike}` },
  { config: { umask: "8" }, message: 'umask: "8" is no umask; write octal digits, e.g. 0027' },
  { config: { umask: "7777" }, message: 'umask: "7777" is no umask; write octal digits, e.g. 0027' },
  { config: { hostname: "h".repeat(65) }, message: `hostname: "${"h".repeat(65)}" is too long; Linux takes 64 bytes at most` },
  { config: { working_dir: "w" }, message: 'working_dir: "w" is no absolute path; write it from the root of the container' },
  { config: { work_dir: "w" }, message: 'work_dir: "w" is no absolute path; write it from the root of the container' },
  {
    config: { working_dir: "/w", work_dir: "/w" },
    message: 'work_dir: "/w" is a second name for working_dir, which is set too; remove one of the two',
  },
  {
    config: { command: " sh" },
    message: 'command: " sh" has blanks at an end, which no program\'s name has; remove them, and give arguments in args',
  },
  {
    config: { command: " " },
    message: 'command: " " has blanks at an end, which no program\'s name has; remove them, and give arguments in args',
  },
  { config: { init: true, init_path: "tini" }, message: 'init_path: "tini" is no absolute path; write that of a program of the host' },
  ...["a b", "a\nb", "a#b", "a\0"].map((hostname) => ({
    config: { hostname },
    message: `hostname: ${JSON.stringify(hostname)} is no host name; write letters, digits, hyphens and dots`,
  })),
  { config: { stop_timeout: 2 ** 31 }, message: "stop_timeout: 2147483648 is no time; write whole seconds, 0 to 2147483647" },
  { config: { entrypoint: [""] }, message: 'entrypoint: [""] takes away what the image runs, and the task says nothing else; set command' },
];
for (const { config, message } of refusals) {
  const [key = ""] = message.split(":");
  test(`refuses ${JSON.stringify(config)}`, () => assert.deepEqual(mistakesOf({ config }), [`${key} > config key ${message}`]));
}

test("refuses what is too long for Linux, without showing it", () => {
  const long = "x".repeat(131_072);
  const remedy = "Linux takes at most 131071; a template can write it into a file";
  assert.deepEqual(mistakesOf({ task: { env: { A: long.slice(3) } } }), []);
  assert.deepEqual(mistakesOf({ task: { env: { A: long.slice(2) } } }), [`env A > config key env A: is 131072 bytes long; ${remedy}`]);
  assert.deepEqual(mistakesOf({ config: { args: [long] } }), [`args > config key args: has a word that is 131072 bytes long; ${remedy}`]);
  const entrypoint = [long];
  assert.deepEqual(mistakesOf({ config: { entrypoint } }).length, 1);
});

test("refuses words that Linux would cut off", () => {
  const says = "has a zero byte, at which it would end; remove it";
  assert.deepEqual(mistakesOf({ task: { env: { A: "x\0y" } } }), [`env A > config key env A: ${says}`]);
  const config = { entrypoint: ["/bin/\0sh"], args: ["-c", "exit 0\0x"] };
  assert.deepEqual(
    mistakesOf({ config }),
    ["entrypoint", "args"].map((key) => `${key} > config key ${key}: has a word that ${says}`),
  );
});

test("runs as the user, in the folder and under the name that the job says", () => {
  const { work_dir: workDir, hostname, user } = specOf({ config: { working_dir: "/w", hostname: "h" }, task: { user: "1000:1000" } });
  assert.deepEqual([workDir, hostname, user], ["/w", "h", "1000:1000"]);
  for (const key of ["work_dir", "hostname", "user"]) assert.ok(!(key in specOf()), key);
});

test("takes what device plugins add to the environment, where the task does not say otherwise", () => {
  const { env } = specOf({ task: { env: { A: "task", B: "task" }, deviceEnv: { A: "plugin", GPU: "0" } } });
  assert.deepEqual(env, { A: "task", B: "task", GPU: "0" });
});

test("names work_dir where an old Podman makes no folder of it, and where it is a file", () => {
  const explain = (config: HclRecord, words: string): string => planOf({ config }).explain(words)?.text ?? "";
  const missing = 'workdir "/x" does not exist on container c0ffee';
  assert.match(explain({ work_dir: "/x" }, missing), /work_dir = "\/x", which this Podman does not make: it must be a folder of/);
  assert.match(explain({ working_dir: "/x" }, missing), /working_dir = "\/x", which must be a folder of the image; work_dir makes one$/);
  assert.match(explain({ work_dir: "/x" }, 'workdir "/x" on container c0ffee is not a directory'), /must not be a file of the image$/);
});

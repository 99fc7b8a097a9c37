import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LogOrigin } from "./log-route.ts";
import { reportAll } from "./report.ts";
import { resolveLogOrigin, resolveTaskLogOrigin } from "./resolve-log-origin.ts";

type Options = Readonly<Record<string, string>>;
type Logging = Parameters<typeof resolveLogOrigin>[0];
const originOf = (logging: Logging): LogOrigin => reportAll((report) => resolveLogOrigin(logging, "logging", report));
const originOfTask = (logging: Logging, ofPlugin: LogOrigin): LogOrigin =>
  reportAll((report) => resolveTaskLogOrigin(logging, ofPlugin, report));
const resolve = (driver: string | undefined, options: Options = {}): LogOrigin => originOf({ driver, options });

describe("a logging block", () => {
  const meanings: readonly (readonly [string | undefined, Options, LogOrigin])[] = [
    [undefined, {}, { kind: "file" }],
    ["", {}, { kind: "file" }],
    ["nomad", {}, { kind: "file" }],
    ["k8s-file", {}, { kind: "file" }],
    ["json-file", { "max-size": "2mb" }, { kind: "file", limitBytes: 2 * 1_048_576 }],
    ["json-file", { "max-size": "2m", "max-file": "3" }, { kind: "file", limitBytes: 6 * 1_048_576 }],
    ["nomad", { "max-size": "64k" }, { kind: "file", limitBytes: 65_536 }],
    ["journald", {}, { kind: "journal", options: {} }],
    ["journald", { tag: "web", label: "a=b" }, { kind: "journal", options: { tag: "web", label: "a=b" } }],
    ["none", {}, { kind: "none" }],
  ];
  for (const [driver, options, source] of meanings) {
    test(`with driver ${JSON.stringify(driver)} and options ${JSON.stringify(options)} means ${source.kind}`, () =>
      assert.deepEqual(resolve(driver, options), source));
  }

  const refusals: readonly (readonly [string | undefined, Options, string, RegExp])[] = [
    [
      "syslog",
      {},
      "unsupported",
      /^config key logging\.driver: "syslog" is no log driver of Podman; use one of nomad, journald, k8s-file, json-file, none$/,
    ],
    [
      "passthrough",
      {},
      "unsupported",
      /^config key logging\.driver: "passthrough" would send the output to the Podman service's own; use one of nomad/,
    ],
    ["passthrough-tty", {}, "unsupported", /passthrough-tty/],
    [
      undefined,
      { tag: "web" },
      "unsupported",
      /^config key logging\.options\.tag: .* "nomad"; remove it, or set logging\.driver = "journald"/,
    ],
    ["k8s-file", { path: "/etc/x" }, "unsupported", /^config key logging\.options\.path: is not supported/],
    [
      "k8s-file",
      { "max-files": "2" },
      "unsupported",
      /^config key logging\.options\.max-files: would have no effect, as .* "k8s-file" knows max-size and max-file alone; remove it/,
    ],
    ["k8s-file", { "max-file": "2" }, "unsupported", /^config key logging\.options\.max-file: would have no effect, as no max-size says/],
    [
      "k8s-file",
      { "max-size": "1m", "max-file": "0" },
      "config-invalid",
      /logging\.options\.max-file: "0" is no number of files; 1 to 1000/,
    ],
    ["k8s-file", { "max-size": "1m", "max-file": "many" }, "config-invalid", /logging\.options\.max-file: "many" is no number of files/],
    ["k8s-file", { "max-size": "big" }, "config-invalid", /logging\.options\.max-size: "big" is not a size/],
    ["k8s-file", { "max-size": "1k" }, "config-invalid", /logging\.options\.max-size: "1k" is too small; it must be at least 64k/],
    ["k8s-file", { "max-size": "1k", "max-file": "0" }, "config-invalid", /^the config has 2 mistakes: .*max-size: "1k".*max-file: "0"/],
    [
      "journald",
      { "max-size": "1m", path: "x" },
      "unsupported",
      /\(1\) config key logging\.options\.path: would have .* journal .*; remove it \(2\) config key logging\.options\.max-size: would/,
    ],
    ["none", { tag: "x" }, "unsupported", /^config key logging\.options\.tag: would have no effect/],
  ];
  for (const [driver, options, code, message] of refusals) {
    test(`with driver ${JSON.stringify(driver)} and options ${JSON.stringify(options)} is refused by name`, () =>
      assert.throws(() => resolve(driver, options), { code, message }));
  }
});

test("a task's block counts when it says anything, and else the plugin's", () => {
  const journal: LogOrigin = { kind: "journal", options: { tag: "all" } };
  assert.deepEqual(originOfTask(undefined, journal), journal);
  assert.deepEqual(originOfTask({ driver: "", options: {} }, journal), journal);
  assert.deepEqual(originOfTask({ driver: "nomad", options: {} }, journal), { kind: "file" });
  assert.deepEqual(originOfTask({ options: { "max-size": "1m" } }, journal), { kind: "file", limitBytes: 1_048_576 });
  assert.deepEqual(originOfTask({ driver: "journald", options: {} }, journal), { kind: "journal", options: {} });
});

describe("Docker's spelling of a logging block", () => {
  const resolveDocker = (type: string | undefined, config: Options): LogOrigin => originOf({ options: {}, type, config });

  test("means what ours means", () => {
    assert.deepEqual(resolveDocker("json-file", { "max-size": "10m", "max-file": "2" }), { kind: "file", limitBytes: 20 * 1_048_576 });
    assert.deepEqual(resolveDocker("journald", { tag: "web" }), { kind: "journal", options: { tag: "web" } });
    assert.deepEqual(resolveDocker(undefined, {}), { kind: "file" });
    assert.deepEqual(originOfTask({ options: {}, type: "none", config: {} }, { kind: "file" }), { kind: "none" });
    assert.deepEqual(originOfTask({ options: {}, type: "", config: {} }, { kind: "none" }), { kind: "none" });
  });

  test("is named in the messages as it was written", () => {
    assert.throws(
      () => resolveDocker("fluentd", {}),
      /^DriverError: config key logging\.type: "fluentd" is no log driver of Podman; use one of nomad/,
    );
    assert.throws(
      () => resolveDocker("json-file", { labels: "a" }),
      /^DriverError: config key logging\.config\.labels: would have no effect/,
    );
    assert.throws(() => resolveDocker("json-file", { tag: "a" }), /config key logging\.config\.tag: .* or set logging\.type = "journald"/);
  });

  test("is not taken together with ours", () => {
    const both = { driver: "nomad", type: "json-file", options: {} };
    assert.throws(() => originOf(both), {
      code: "config-invalid",
      message: "config key logging.type: is a second name for logging.driver, which is set too; remove one of the two",
    });
    const options = { options: { "max-size": "1m" }, config: { "max-size": "2m" } };
    assert.throws(() => originOfTask(options, { kind: "file" }), {
      message: "config key logging.config: is a second name for logging.options, which is set too; remove one of the two",
    });
  });
});

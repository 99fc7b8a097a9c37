import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerSpec } from "@driver/libpod";
import type { HclRecord, HclValue } from "@driver/nomad-plugin";
import { decodedOf, mistakesOf, plainFacts, specOf } from "../../../test/plan-of.ts";
import { toHealthCheckTimes } from "./health-topic.ts";

type Planned = Pick<ContainerSpec, "healthconfig" | "health_check_on_failure_action" | "startupHealthConfig">;

const second = 1e9;
const usual = { Test: ["CMD-SHELL", "true"], Interval: 30 * second, Timeout: 30 * second, Retries: 3, StartPeriod: 0 };

function healthOf(config: HclRecord, facts: { readonly version?: string; readonly hasSystemd?: boolean } = {}): Planned {
  const { healthconfig, health_check_on_failure_action: action, startupHealthConfig } = specOf({ config, facts });
  return {
    ...(healthconfig !== undefined && { healthconfig }),
    ...(action !== undefined && { health_check_on_failure_action: action }),
    ...(startupHealthConfig !== undefined && { startupHealthConfig }),
  };
}

const rows: readonly { readonly config: HclRecord; readonly planned: Planned }[] = [
  { config: {}, planned: {} },
  { config: { healthchecks: {} }, planned: {} },
  { config: { healthchecks: { disable: false } }, planned: {} },
  { config: { healthchecks: { disable: true } }, planned: { healthconfig: { Test: ["NONE"] } } },
  { config: { healthcheck: {} }, planned: {} },
  { config: { healthcheck: { test: "", interval: "", retries: 0, on_failure: "", startup: {} } }, planned: {} },
  { config: { healthcheck: { test: [] } }, planned: {} },
  { config: { healthcheck: { test: ["NONE"] } }, planned: { healthconfig: { Test: ["NONE"] } } },
  { config: { healthcheck: { test: "none" } }, planned: { healthconfig: { Test: ["NONE"] } } },
  { config: { healthcheck: { test: ["NONE"] }, healthchecks: { disable: true } }, planned: { healthconfig: { Test: ["NONE"] } } },
  { config: { healthcheck: { test: "true" } }, planned: { healthconfig: usual } },
  { config: { healthcheck: { test: ["/check", "-q"] } }, planned: { healthconfig: { ...usual, Test: ["CMD", "/check", "-q"] } } },
  { config: { healthcheck: { test: ["CMD", "/check"] } }, planned: { healthconfig: { ...usual, Test: ["CMD", "/check"] } } },
  { config: { healthcheck: { test: ["CMD-SHELL", "a || b"] } }, planned: { healthconfig: { ...usual, Test: ["CMD-SHELL", "a || b"] } } },
  {
    config: { healthcheck: { test: "true", interval: "5s", timeout: "2.5s", retries: 1, start_period: "1m" } },
    planned: {
      healthconfig: { Test: ["CMD-SHELL", "true"], Interval: 5 * second, Timeout: 2.5 * second, Retries: 1, StartPeriod: 60 * second },
    },
  },
  { config: { healthcheck: { test: "true", on_failure: "none" } }, planned: { healthconfig: usual } },
  { config: { healthcheck: { test: "true", on_failure: "kill" } }, planned: { healthconfig: usual, health_check_on_failure_action: 2 } },
  { config: { healthcheck: { test: "true", on_failure: "stop" } }, planned: { healthconfig: usual, health_check_on_failure_action: 4 } },
];
for (const { config, planned } of rows) test(`plans ${JSON.stringify(config)}`, () => assert.deepEqual(healthOf(config), planned));

const withStartup: HclRecord = { healthcheck: { test: "true", startup: { test: ["/up"], interval: "1s", timeout: "2s", success: 2 } } };
const startup = { Test: ["CMD", "/up"], Interval: second, Timeout: 2 * second, Retries: 0, StartPeriod: 0, Successes: 2 };

test("has a check for the start where Podman knows one, and refuses it elsewhere", () => {
  assert.deepEqual(healthOf(withStartup, { version: "4.5.0" }), { healthconfig: usual, startupHealthConfig: startup });
  assert.throws(() => healthOf(withStartup, { version: "4.3.1" }), {
    code: "unsupported",
    message: "config key healthcheck.startup: needs Podman 4.5, and 4.3.1 runs; remove it, or update Podman",
  });
  assert.throws(
    () => healthOf({ healthcheck: { test: "true", on_failure: "kill" } }, { version: "4.2.0" }),
    /healthcheck\.on_failure: needs Podman 4\.3, and 4\.2\.0 runs/,
  );
});

test("lets nobody else run the checks where this driver does", () => {
  const facts = { version: "5.4.2", hasSystemd: false };
  assert.deepEqual(healthOf(withStartup, facts), {
    healthconfig: { ...usual, Interval: 0 },
    startupHealthConfig: { ...startup, Interval: 0 },
  });
});

test("follows a task's own check alone, and runs it where systemd does not", () => {
  const timesOf = (config: HclRecord, hasSystemd: boolean): unknown =>
    toHealthCheckTimes(decodedOf({ config }).wanted.health, { ...plainFacts, hasSystemd });
  for (const config of [{}, { healthchecks: { disable: true } }]) assert.equal(timesOf(config, false), undefined);
  assert.deepEqual(timesOf(withStartup, true), { everyMs: undefined, firstEveryMs: undefined });
  assert.deepEqual(timesOf(withStartup, false), { everyMs: 30_000, firstEveryMs: 1000 });
  assert.deepEqual(timesOf({ healthcheck: { test: "true", interval: "5s" } }, false), { everyMs: 5000, firstEveryMs: 5000 });
});

const command = 'is no command; write a line for the shell, a list such as ["/bin/check", "-q"], or ["NONE"] to have no check';
const wrongTests: readonly HclValue[] = [["CMD"], ["CMD", ""], ["CMD-SHELL"], ["NONE", "x"], [""], [1], 5, true, { a: "b" }];
for (const wrong of wrongTests) {
  test(`refuses the test ${JSON.stringify(wrong)}`, () => {
    assert.deepEqual(mistakesOf({ config: { healthcheck: { test: wrong } } }), [
      `healthcheck.test > config key healthcheck.test: ${command}`,
    ]);
  });
}

const mistakes: readonly { readonly healthcheck: HclRecord; readonly message: string }[] = [
  { healthcheck: { interval: "5s" }, message: `healthcheck.test: ${command}` },
  { healthcheck: { test: "true", interval: "0s" }, message: 'healthcheck.interval: "0s" is too short; at least 1s would be right' },
  { healthcheck: { test: "true", timeout: "10ms" }, message: 'healthcheck.timeout: "10ms" is too short; at least 1s would be right' },
  { healthcheck: { test: "true", interval: "5000h" }, message: 'healthcheck.interval: "5000h" is too long; at most 2400h would be right' },
  {
    healthcheck: { test: "true", start_period: "soon" },
    message: 'healthcheck.start_period: "soon" is not a duration; write a number with its unit, e.g. 90s, 5m or 1h30m',
  },
  { healthcheck: { test: "true", retries: -1 }, message: "healthcheck.retries: -1 is out of range; 1 to 1000 would be right" },
  {
    healthcheck: { test: "true", on_failure: "reboot" },
    message: 'healthcheck.on_failure: "reboot" is no action; none, kill or stop would be right',
  },
  {
    healthcheck: { test: "true", on_failure: "restart" },
    message:
      "healthcheck.on_failure: \"restart\" would have Podman start the task again without Nomad's knowledge; write kill or " +
        "stop, and Nomad's restart block counts",
  },
  { healthcheck: { test: "true", startup: { success: 2 } }, message: `healthcheck.startup.test: ${command}` },
];
for (const { healthcheck, message } of mistakes) {
  const [key = ""] = message.split(":");
  test(`refuses ${JSON.stringify(healthcheck)}`, () =>
    assert.deepEqual(mistakesOf({ config: { healthcheck } }), [`${key} > config key ${message}`]));
}

test("refuses a check that is turned off in the same breath", () => {
  assert.match(
    mistakesOf({ config: { healthcheck: { test: "true" }, healthchecks: { disable: true } } }).join(),
    /^healthchecks\.disable > .*turns off the check that healthcheck asks for; remove one/,
  );
});

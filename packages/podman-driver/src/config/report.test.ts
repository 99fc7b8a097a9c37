import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DriverError } from "@driver/nomad-plugin";
import { Report, toMistake, type Refusal } from "./report.ts";

const late: Refusal = { key: "image_pull_timeout", value: "soon", problem: "is no duration", remedy: "write e.g. 90s" };
const tty: Refusal = { key: "tty", problem: "is not supported yet", remedy: "remove it", code: "unsupported" };
const init: Refusal = { ...tty, key: "init" };

function reportOf(...refusals: readonly Refusal[]): Report {
  const report = new Report();
  for (const refusal of refusals) report.refuse(refusal);
  return report;
}

const shapes: readonly { readonly value: unknown; readonly message: string }[] = [
  { value: "soon", message: 'config key k: "soon" is wrong; mend it' },
  { value: 5, message: "config key k: 5 is wrong; mend it" },
  { value: "", message: 'config key k: "" is wrong; mend it' },
  { value: false, message: "config key k: false is wrong; mend it" },
  { value: 'a "b"\n', message: String.raw`config key k: "a \"b\"\n" is wrong; mend it` },
  { value: undefined, message: "config key k: is wrong; mend it" },
];
for (const { value, message } of shapes) {
  test(`puts the value ${JSON.stringify(value)} into the one shape of a mistake`, () => {
    assert.deepEqual(toMistake({ key: "k", value, problem: "is wrong", remedy: "mend it" }), { key: "k", code: "config-invalid", message });
  });
}

describe("a report", () => {
  test("without a mistake lets pass", () => {
    assert.doesNotThrow(() => new Report().throwIfAny());
    assert.deepEqual(new Report().mistakes, []);
  });

  for (const refusal of [late, tty]) {
    const { code, message } = toMistake(refusal);
    test(`with one mistake throws that one: ${message}`, () =>
      assert.throws(() => reportOf(refusal).throwIfAny(), {
        name: "DriverError",
        code,
        message,
        configKey: refusal.key,
        recoverable: false,
      }));
  }

  const several: readonly { readonly refusals: readonly Refusal[]; readonly code: string }[] = [
    { refusals: [tty, init], code: "unsupported" },
    { refusals: [tty, late], code: "config-invalid" },
    { refusals: [late, tty, init], code: "config-invalid" },
  ];
  for (const { refusals, code } of several) {
    test(`with ${refusals.map(({ key }) => key).join(", ")} throws all in their order, as ${code}`, () => {
      const list = refusals.map((refusal, index) => `(${index + 1}) ${toMistake(refusal).message}`).join(" ");
      assert.throws(() => reportOf(...refusals).throwIfAny(), {
        name: "DriverError",
        code,
        message: `the config has ${refusals.length} mistakes: ${list}`,
        configKey: undefined,
      });
      assert.deepEqual(reportOf(...refusals).mistakes, refusals.map(toMistake));
    });
  }
});

describe("a parser that throws", () => {
  const refuse = (error: unknown) => (): never => {
    throw error;
  };

  test("is listened to, and what it gives is taken", () => {
    const report = new Report();
    assert.equal(report.attempt("k", 1, () => 2), 2);
    assert.deepEqual(report.mistakes, []);
  });

  const errors: readonly { readonly error: DriverError; readonly mistake: object }[] = [
    { error: new DriverError("config-invalid", "wrong"), mistake: { key: "k", message: "wrong", code: "config-invalid" } },
    {
      error: new DriverError("unsupported", "no", { configKey: "k.inner" }),
      mistake: { key: "k.inner", message: "no", code: "unsupported" },
    },
    { error: new DriverError("failed", "odd"), mistake: { key: "k", message: "odd", code: "config-invalid" } },
  ];
  for (const { error, mistake } of errors) {
    test(`is noted with ${JSON.stringify(mistake)}, and something else is taken instead`, () => {
      const report = new Report();
      assert.equal(report.attempt("k", 1, refuse(error)), 1);
      assert.deepEqual(report.mistakes, [mistake]);
    });
  }

  test("is not listened to when it is at fault itself", () => {
    const fault = new TypeError("x is not a function");
    assert.throws(() => new Report().attempt("k", 1, refuse(fault)), (error) => error === fault);
  });
});

test("shows a value that JSON does not hold", () => {
  assert.match(
    toMistake({ key: "a", value: { b: 2n ** 64n }, problem: "is wrong", remedy: "write another" }).message,
    /18446744073709551616/,
  );
});

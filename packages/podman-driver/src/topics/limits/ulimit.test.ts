import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ContainerInspect, RlimitSpec } from "@driver/libpod";
import type { Shortfall } from "../topic.ts";
import { mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const none = 18_446_744_073_709_551_615n;

const rows: readonly { readonly name: string; readonly text: string; readonly planned: RlimitSpec }[] = [
  { name: "nofile", text: "1024", planned: { type: "nofile", soft: 1024, hard: 1024 } },
  { name: "nofile", text: "1024:2048", planned: { type: "nofile", soft: 1024, hard: 2048 } },
  { name: "NOFILE", text: " 1024 : 2048 ", planned: { type: "nofile", soft: 1024, hard: 2048 } },
  { name: "core", text: "0", planned: { type: "core", soft: 0, hard: 0 } },
  { name: "memlock", text: "-1", planned: { type: "memlock", soft: none, hard: none } },
  { name: "memlock", text: "-1:-1", planned: { type: "memlock", soft: none, hard: none } },
  { name: "memlock", text: "unlimited", planned: { type: "memlock", soft: none, hard: none } },
  { name: "memlock", text: "8192:unlimited", planned: { type: "memlock", soft: 8192, hard: none } },
  { name: "fsize", text: "9007199254740993", planned: { type: "fsize", soft: 9_007_199_254_740_993n, hard: 9_007_199_254_740_993n } },
];
for (const { name, text, planned } of rows) {
  test(`takes ${name} = "${text}"`, () => assert.deepEqual(specOf({ config: { ulimit: [{ [name]: text }] } }).r_limits, [planned]));
}

test("takes several limits, of which the later of one name counts", () => {
  const limits = specOf({ config: { ulimit: [{ nofile: "1", nproc: "5" }, { nofile: "2" }] } }).r_limits;
  assert.deepEqual(limits, [{ type: "nofile", soft: 2, hard: 2 }, { type: "nproc", soft: 5, hard: 5 }]);
  assert.ok(!("r_limits" in specOf({ config: { ulimit: [{}] } })));
});

for (const text of ["", "x", "1.5", "-2", "1:", ":1", "1:2:3", "18446744073709551616", "0x10", "host"]) {
  test(`refuses the limit "${text}"`, () => {
    assert.deepEqual(mistakesOf({ config: { ulimit: [{ nofile: text }] } }), [
      `ulimit.nofile > config key ulimit.nofile: "${text}" is no limit; write soft or soft:hard, each a whole number, -1 or ` +
        "unlimited, e.g. 1024:4096",
    ]);
  });
}

test("refuses a limit in two spellings, of which Podman would take either", () => {
  for (const ulimit of [[{ NOFILE: "2", nofile: "1" }], [{ NOFILE: "2" }, { nofile: "1" }]]) {
    assert.deepEqual(mistakesOf({ config: { ulimit } }), [
      'ulimit.nofile > config key ulimit.nofile: "1" is a second name for ulimit.NOFILE, which is set too; remove one of the two',
    ]);
  }
});

for (const text of ["2:1", "-1:5", "unlimited:5"]) {
  test(`refuses "${text}", which is soft above hard`, () =>
    assert.match(mistakesOf({ config: { ulimit: [{ nofile: text }] } }).join(), /has a soft limit above the hard one/));
}

for (const name of ["files", "RLIMIT_NOFILE", "", "host"]) {
  test(`refuses a limit called "${name}"`, () =>
    assert.match(mistakesOf({ config: { ulimit: [{ [name]: "1" }] } }).join(), /is no limit that Linux has; it has as, core, cpu, /));
}

test("names what Podman has added where a limit cannot be set", () => {
  const explain = (ulimit: Readonly<Record<string, string>>, words: string): string | undefined =>
    planOf({ config: { ulimit: [ulimit] } }).explain(words)?.text;
  const words = "runc: error setting rlimit type 6: operation not permitted";
  assert.match(explain({ core: "0" }, words) ?? "", /^the task's config has ulimit; .*4\.3 adds 1048576 of nofile and nproc where it is/);
  assert.match(explain({ nofile: "5", NPROC: "5" }, words) ?? "", /above its own$/);
  assert.equal(explain({ core: "0" }, "crun: something else"), undefined);
  assert.match(explain({}, words) ?? "", /^Podman asks for more open files .*; name nofile and nproc in the task's ulimit, or /);
  assert.equal(explain({}, "crun: something else"), undefined);
});

describe("of an ordinary user's Podman, which makes a limit no higher than its own", () => {
  const made = (...ulimits: ContainerInspect["host"]["ulimits"]): ContainerInspect => ({ host: { ulimits } }) as ContainerInspect;
  const files = (soft: number, hard: number): ContainerInspect => made({ name: "RLIMIT_NOFILE", soft, hard });
  const find = (ulimit: Readonly<Record<string, string>>, container: ContainerInspect): readonly Shortfall[] =>
    (planOf({ config: { ulimit: [ulimit] }, facts: { rootless: true } }).findShortfalls ?? assert.fail("nobody looks"))(container);

  test("what is missing is told, and the task runs", () => {
    const shortfall = {
      key: "ulimit.nofile",
      wanted: "1024:unlimited",
      got: "1024:524288, since its service has no more itself,",
      isFatal: false,
    };
    assert.deepEqual(find({ NOFILE: "1024:-1" }, files(1024, 524_288)), [shortfall]);
    assert.deepEqual(find({ nofile: "600000" }, files(524_288, 524_288))[0]?.wanted, "600000:600000");
  });

  test("nothing is told of one that is as asked for, or that Podman does not name", () => {
    assert.deepEqual(find({ nofile: "600:700" }, files(600, 700)), []);
    assert.deepEqual(find({ nofile: "unlimited" }, files(-1, -1)), []);
    assert.deepEqual(find({ memlock: "1" }, files(1, 1)), []);
    assert.deepEqual(find({ nproc: "1" }, made()), []);
  });

  test("nobody looks where root's Podman is asked, or no limit is", () => {
    assert.equal(planOf({ config: { ulimit: [{ nofile: "1" }] } }).findShortfalls, undefined);
    assert.equal(planOf({ config: {}, facts: { rootless: true } }).findShortfalls, undefined);
  });
});

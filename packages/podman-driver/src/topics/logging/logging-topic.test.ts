import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogConfiguration } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import type { LogCollector, LogOrigin, LogRoute } from "../../config/log-route.ts";
import { decodedOf, mistakesOf, specOf, type Wishes } from "../../../test/plan-of.ts";

const file: LogOrigin = { kind: "file" };
const smallFile: LogOrigin = { kind: "file", limitBytes: 65_536 };
const uncut: LogConfiguration = { driver: "k8s-file", size: 2 ** 50 };

const files = { maxFiles: 3, maxFileBytes: 5 * 1_048_576 };
const routeOf = (from: LogOrigin, by: LogCollector = "nomad"): LogRoute => ({ from, to: { by, files } });

const routes: readonly { readonly from: LogOrigin; readonly by: LogCollector; readonly planned: LogConfiguration }[] = [
  { from: file, by: "nomad", planned: uncut },
  { from: file, by: "driver", planned: uncut },
  { from: smallFile, by: "nomad", planned: uncut },
  { from: smallFile, by: "driver", planned: uncut },
  { from: file, by: "off", planned: { driver: "k8s-file", size: 10 * 1_048_576 } },
  { from: smallFile, by: "off", planned: { driver: "k8s-file", size: 65_536 } },
  { from: { kind: "journal", options: {} }, by: "nomad", planned: { driver: "journald" } },
  { from: { kind: "journal", options: { tag: "web" } }, by: "off", planned: { driver: "journald", options: { tag: "web" } } },
  { from: { kind: "none" }, by: "driver", planned: { driver: "none" } },
];
for (const { from, by, planned } of routes) {
  test(`has conmon write ${JSON.stringify(planned)} for ${JSON.stringify(from)} collected by ${by}`, () => {
    assert.deepEqual(specOf({ settings: { logRoute: routeOf(from, by) } }).log_configuration, planned);
  });
}

const journal: Wishes = { settings: { logRoute: routeOf({ kind: "journal", options: { tag: "all" } }) } };
const wanted: readonly { readonly what: string; readonly wishes: Wishes; readonly planned: LogConfiguration }[] = [
  { what: "nobody says anything", wishes: {}, planned: uncut },
  { what: "the plugin says so", wishes: journal, planned: { driver: "journald", options: { tag: "all" } } },
  { what: "the task says otherwise", wishes: { ...journal, config: { logging: { driver: "none" } } }, planned: { driver: "none" } },
  {
    what: "the task alone says so",
    wishes: { config: { logging: { driver: "journald", options: [{ tag: "web" }] } } },
    planned: { driver: "journald", options: { tag: "web" } },
  },
  {
    what: "the task's block is empty",
    wishes: { ...journal, config: { logging: {} } },
    planned: { driver: "journald", options: { tag: "all" } },
  },
];
for (const { what, wishes, planned } of wanted) {
  test(`has conmon write ${JSON.stringify(planned)} where ${what}`, () => assert.deepEqual(specOf(wishes).log_configuration, planned));
}

test("refuses a log driver that would not do, and names the key", () => {
  const config = { logging: { driver: "passthrough" } };
  assert.throws(() => specOf({ config }), { code: "unsupported", message: /^config key logging\.driver: "passthrough"/ });
  assert.match(mistakesOf({ config }).join(), /^logging\.driver > /);
});

const rotations: readonly { readonly given: HclRecord; readonly wantedFiles: object }[] = [
  { given: {}, wantedFiles: files },
  { given: { log_files: { max_files: 7 } }, wantedFiles: { maxFiles: 7, maxFileBytes: 5 * 1_048_576 } },
  { given: { log_files: { max_file_size: "64k" } }, wantedFiles: { maxFiles: 3, maxFileBytes: 65_536 } },
];
for (const { given, wantedFiles } of rotations) {
  test(`rotates the log files of ${JSON.stringify(given)} as the task says, and else the plugin`, () => {
    assert.deepEqual(decodedOf({ config: given, settings: { logRoute: routeOf(file) } }).wanted.logging.to.files, wantedFiles);
  });
}

test("has nobody collect what is kept nowhere", () => {
  const collectorOf = (wishes: Wishes): LogCollector => decodedOf(wishes).wanted.logging.to.by;
  assert.equal(collectorOf({ config: { logging: { driver: "none" } } }), "off");
  assert.equal(collectorOf({ settings: { logRoute: routeOf({ kind: "none" }, "driver") } }), "off");
  assert.equal(collectorOf({ settings: { logRoute: routeOf(file, "driver") } }), "driver");
});

test("names both blocks when both are wrong", () => {
  const mistakes = mistakesOf({ config: { logging: { driver: "wat" }, log_files: { max_files: -1 } } });
  assert.deepEqual(mistakes.map((mistake) => mistake.split(" ")[0]), ["logging.driver", "log_files.max_files"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogConfiguration } from "@driver/libpod";
import type { HclRecord } from "@driver/nomad-plugin";
import type { LogSource } from "../config/log-source.ts";
import type { LogCollection } from "../config/resolve-log-collection.ts";
import { decodedOf, mistakesOf, specOf, type Wishes } from "../../test/plan-of.ts";

const file: LogSource = { kind: "file" };
const smallFile: LogSource = { kind: "file", limitBytes: 65_536 };
const uncut: LogConfiguration = { driver: "k8s-file", size: 2 ** 50 };

const sources: readonly { readonly source: LogSource; readonly collection: LogCollection; readonly planned: LogConfiguration }[] = [
  { source: file, collection: "nomad", planned: uncut },
  { source: file, collection: "driver", planned: uncut },
  { source: smallFile, collection: "nomad", planned: uncut },
  { source: smallFile, collection: "driver", planned: uncut },
  { source: file, collection: "off", planned: { driver: "k8s-file", size: 10 * 1_048_576 } },
  { source: smallFile, collection: "off", planned: { driver: "k8s-file", size: 65_536 } },
  { source: { kind: "journal", options: {} }, collection: "nomad", planned: { driver: "journald" } },
  { source: { kind: "journal", options: { tag: "web" } }, collection: "off", planned: { driver: "journald", options: { tag: "web" } } },
  { source: { kind: "none" }, collection: "driver", planned: { driver: "none" } },
];
for (const { source, collection, planned } of sources) {
  test(`has conmon write ${JSON.stringify(planned)} for ${JSON.stringify(source)} collected by ${collection}`, () => {
    assert.deepEqual(specOf({ settings: { logging: source, logCollection: collection } }).log_configuration, planned);
  });
}

const journal = { settings: { logging: { kind: "journal", options: { tag: "all" } } } } as const;
const wanted: readonly { readonly what: string; readonly wishes: Wishes; readonly planned: LogConfiguration }[] = [
  { what: "nobody says anything", wishes: {}, planned: uncut },
  { what: "the plugin says so", wishes: journal, planned: { driver: "journald", options: { tag: "all" } } },
  { what: "the task says otherwise", wishes: { ...journal, config: { logging: { driver: "none" } } }, planned: { driver: "none" } },
  { what: "the task alone says so", wishes: { config: { logging: { driver: "journald", options: [{ tag: "web" }] } } }, planned: { driver: "journald", options: { tag: "web" } } },
  { what: "the task's block is empty", wishes: { ...journal, config: { logging: {} } }, planned: { driver: "journald", options: { tag: "all" } } },
];
for (const { what, wishes, planned } of wanted) {
  test(`has conmon write ${JSON.stringify(planned)} where ${what}`, () => assert.deepEqual(specOf(wishes).log_configuration, planned));
}

test("refuses a log driver that would not do, and names the key", () => {
  const config = { logging: { driver: "passthrough" } };
  assert.throws(() => specOf({ config }), { code: "unsupported", message: /^config key logging\.driver: "passthrough"/ });
  assert.match(mistakesOf({ config }).join(), /^logging\.driver > /);
});

const rotations: readonly { readonly given: HclRecord; readonly files: object }[] = [
  { given: {}, files: { maxFiles: 3, maxFileBytes: 5 * 1_048_576 } },
  { given: { log_files: { max_files: 7 } }, files: { maxFiles: 7, maxFileBytes: 5 * 1_048_576 } },
  { given: { log_files: { max_file_size: "64k" } }, files: { maxFiles: 3, maxFileBytes: 65_536 } },
];
for (const { given, files } of rotations) {
  test(`rotates the log files of ${JSON.stringify(given)} as the task says, and else the plugin`, () => {
    assert.deepEqual(decodedOf({ config: given, settings: { logFiles: { maxFiles: 3, maxFileBytes: 5 * 1_048_576 } } }).wanted.logging.files, files);
  });
}

test("names both blocks when both are wrong", () => {
  const mistakes = mistakesOf({ config: { logging: { driver: "wat" }, log_files: { max_files: -1 } } });
  assert.deepEqual(mistakes.map((mistake) => mistake.split(" ")[0]), ["logging.driver", "log_files"]);
});

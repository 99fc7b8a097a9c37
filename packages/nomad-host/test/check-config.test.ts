import assert from "node:assert/strict";
import { test } from "node:test";

import type { ConfigBody } from "@driver/nomad-plugin";

import { findPosition } from "../src/run/driver/check-configs.ts";
import type { CheckConfig } from "../src/run/driver/check-configs.ts";
import type { RunEvent } from "../src/run/run-event.ts";
import { emptyFolder } from "./empty-folder.ts";
import { recordRun } from "./record-run.ts";
import { sampleGroup, sampleJob, sampleTask } from "./sample-job.ts";

/** A config block that begins on `line`, with its script on the next one. */
function configAt(line: number, script: string): ConfigBody {
  return {
    position: { line, column: 7 },
    attributes: [{ name: "script", value: script, position: { line: line + 1, column: 9 } }],
    blocks: [],
  };
}

/** Objects to every task whose script holds "bad", as a driver would: to the encoded config. */
const objectToBad: CheckConfig = ({ driverConfig, name }) =>
  Buffer.from(driverConfig).includes("bad")
    ? {
        problems: [
          { path: "script", message: `${name} is bad` },
          { path: "elsewhere.inside", message: `${name} lacks` },
        ],
        notices: [],
      }
    : { problems: [], notices: [] };

test("all that the check of the configs finds is told with its places, and nothing starts", async () => {
  await using folder = await emptyFolder();
  const events: RunEvent[] = [];
  const tasks = [
    sampleTask("late", "", { config: configAt(20, "${NOMAD_META_word}"), meta: { word: "bad" } }),
    sampleTask("early", "", { config: configAt(10, "bad") }),
    sampleTask("good", "", { config: configAt(1, "exit 0"), lifecycle: { hook: "prestart", sidecar: false } }),
  ];
  const job = sampleJob([sampleGroup(tasks, { count: 2 })]);
  await assert.rejects(recordRun(job, { parentPath: folder.path, checkConfig: objectToBad, onEvent: (event) => void events.push(event) }), {
    code: "job-invalid",
    message: "early lacks",
    position: { line: 10, column: 7 },
    further: [
      { message: "early is bad", position: { line: 11, column: 9 } },
      { message: "late lacks", position: { line: 20, column: 7 } },
      { message: "late is bad", position: { line: 21, column: 9 } },
    ],
  });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["driver-ready"],
  );
});

const body: ConfigBody = {
  position: { line: 1, column: 1 },
  attributes: [{ name: "labels", value: { a: "b" }, position: { line: 2, column: 1 } }],
  blocks: [
    {
      type: "logging",
      labels: [],
      position: { line: 3, column: 1 },
      body: {
        position: { line: 3, column: 1 },
        attributes: [{ name: "driver", value: "x", position: { line: 4, column: 1 } }],
        blocks: [],
      },
    },
  ],
};

const lines: readonly (readonly [string, number])[] = [
  ["", 1],
  ["image", 1],
  ["labels", 2],
  ["labels.a", 2],
  ["logging", 3],
  ["logging.options", 3],
  ["logging[0].driver", 4],
];

for (const [path, line] of lines) {
  test(`the key ${JSON.stringify(path)} is found on line ${line}, or what is nearest to it`, () => {
    assert.deepEqual(findPosition(body, path), { line, column: 1 });
  });
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainTask } from "@driver/testing";
import { mistakesOf, specOf } from "../../../test/plan-of.ts";

const { allocId } = plainTask();

/** The keys, their names in Podman's spec, and the modes that are words. */
const keys = [
  { key: "ipc_mode", field: "ipcns", words: ["host", "private", "shareable", "none"] },
  { key: "pid_mode", field: "pidns", words: ["host", "private"] },
  { key: "uts_mode", field: "utsns", words: ["host", "private"] },
  { key: "cgroupns", field: "cgroupns", words: ["host", "private"] },
] as const;

for (const { key, field, words } of keys) {
  describe(key, () => {
    const rows = [
      ...words.map((word) => [word, { nsmode: word }] as const),
      ["", undefined],
      ["container:infra", { nsmode: "container", value: "infra" }],
      ["task:db", { nsmode: "container", value: `db-${allocId}` }],
      ["task:my db", { nsmode: "container", value: `my_db-${allocId}` }],
      ["ns:/proc/5/ns/x", { nsmode: "path", value: "/proc/5/ns/x" }],
    ] as const;
    for (const [text, namespace] of rows) {
      test(`${JSON.stringify(text)} becomes ${JSON.stringify(namespace)}`, () => assert.deepEqual(specOf({ config: { [key]: text } })[field], namespace));
    }

    const mistakes: readonly (readonly [string, string])[] = [
      ["hots", `"hots" is no mode of this namespace; write ${words.join(", ")}, task:name, container:name or ns:path`],
      ["task:", '"task:" names no task; write a name, such as task:db'],
      ["ns:", '"ns:" names no file; write the path'],
      ["ns:../x", '"ns:../x" is no absolute path'],
      ["task:web", "is the task's own container"],
    ];
    for (const [text, says] of mistakes) {
      test(`${JSON.stringify(text)} is refused`, () => {
        const found = mistakesOf({ config: { [key]: text } });
        assert.equal(found.length, 1, found.join("\n"));
        assert.ok(found[0]?.startsWith(`${key} > `) && found[0].includes(says), found.join());
      });
    }
  });
}

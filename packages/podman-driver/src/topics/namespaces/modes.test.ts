import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainTask } from "@driver/testing";
import { mistakesOf, planOf, specOf } from "../../../test/plan-of.ts";

const { allocId } = plainTask();

/** The keys, their names in Podman's spec, and the modes that are words. */
const keys = [
  { key: "ipc_mode", field: "ipcns", what: "IPC namespace", words: ["host", "private", "shareable", "none"] },
  { key: "pid_mode", field: "pidns", what: "process namespace", words: ["host", "private"] },
  { key: "uts_mode", field: "utsns", what: "host name", words: ["host", "private"] },
  { key: "cgroupns", field: "cgroupns", what: "cgroup namespace", words: ["host", "private"] },
] as const;

for (const { key, field, what, words } of keys) {
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
      test(`${JSON.stringify(text)} becomes ${JSON.stringify(namespace)}`, () =>
        assert.deepEqual(specOf({ config: { [key]: text } })[field], namespace));
    }

    test("waits for another task of the allocation, however it is written, and for nothing else", () => {
      const needsOf = (mode: string): unknown[] =>
        planOf({ config: { [key]: mode } }).needs.filter(({ kind }) => kind === "task-namespace");
      const need = { kind: "task-namespace", key, what, taskName: "db", container: `db-${allocId}` };
      assert.deepEqual([needsOf("task:db"), needsOf(`container:db-${allocId}`)], [[need], [need]]);
      for (const mode of ["container:infra", "ns:/proc/5/ns/x", "host", ""]) assert.deepEqual(needsOf(mode), []);
    });

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

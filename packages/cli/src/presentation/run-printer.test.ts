import assert from "node:assert/strict";
import { test } from "node:test";

import type { RunEvent } from "@driver/nomad-host";

import type { Output } from "./output.ts";
import { RunPrinter } from "./run-printer.ts";
import { createStyle } from "./style.ts";

/** Collects what would be shown; both streams into one, so that their order can be seen. */
function printerTo(shown: string[], options: { readonly isTerminal?: boolean; readonly hasSeveralAllocations?: boolean } = {}): RunPrinter {
  const output = (mark: string): Output => ({
    style: createStyle({ isTerminal: options.isTerminal ?? false, env: {} }),
    isClosed: false,
    write: async (bytes) => {
      if (bytes.length > 0) shown.push(`${mark} ${Buffer.from(bytes).toString()}`);
    },
    writeLine: async (text) => void shown.push(`${mark} ${text}\n`),
  });
  return new RunPrinter({
    stdout: output("1"),
    stderr: output("2"),
    taskNames: ["web", "fetch"],
    hasSeveralAllocations: options.hasSeveralAllocations ?? false,
    now: () => 0,
  });
}

const web = { group: "front", allocIndex: 1, task: "web" };
const check = { service: "page", check: "alive", provider: "nomad", mode: "healthiness" } as const;
const exit = { exitCode: 0, signal: 0, oomKilled: false };
const log = (stream: "stdout" | "stderr", text: string): RunEvent => ({ kind: "task-log", ...web, stream, data: Buffer.from(text) });

const lines: readonly (readonly [RunEvent, readonly string[]])[] = [
  [{ kind: "driver-ready", driver: "podman", version: "1.0.0", description: "Healthy" }, ["2 driver podman 1.0.0: Healthy\n"]],
  [
    {
      kind: "allocation",
      group: "front",
      allocIndex: 0,
      allocId: "0123456789",
      ports: [
        { label: "http", hostIp: "10.0.0.1", hostPort: 2000, to: 80 },
        { label: "db", hostIp: "10.0.0.1", hostPort: 2001, to: 0 },
      ],
    },
    ["2 group front[0]: allocation 01234567, http 10.0.0.1:2000 → 80, db 10.0.0.1:2001\n"],
  ],
  [{ kind: "task-starting", ...web }, []],
  [{ kind: "task-running", ...web }, ["2 web   * started\n"]],
  [{ kind: "task-event", ...web, message: "pulling image", at: new Date(0) }, ["2 web   * pulling image\n"]],
  [{ kind: "task-stopping", ...web, reason: "interrupted" }, ["2 web   * stopping: interrupted\n"]],
  [{ kind: "task-failed", ...web, message: "no image" }, ["2 web   * failed: no image\n"]],
  [
    { kind: "task-failed", ...web, message: "no\u001b[2Jimage\u009b\n\tat all\r" },
    ["2 web   * failed: no\\x1b[2Jimage\\x9b\n\tat all\\x0d\n"],
  ],
  [
    { kind: "check-status", ...web, ...check, status: "critical", output: `no\n answer \u001b${"x".repeat(300)}` },
    [`2 web   * check "alive" of service page: critical: no answer \\x1b${"x".repeat(189)}…\n`],
  ],
  [
    { kind: "check-status", group: "front", allocIndex: 1, ...check, status: "passing", output: "" },
    ['2 group front[1]: check "alive" of service page: passing\n'],
  ],
  [{ kind: "task-exited", ...web, result: exit, isStoppedByHost: false }, ["2 web   * ended: exit code 0\n"]],
  [
    { kind: "task-exited", ...web, result: { ...exit, signal: 9, oomKilled: true }, isStoppedByHost: false },
    ["2 web   * ended: killed by SIGKILL, out of memory\n"],
  ],
  [
    { kind: "task-exited", ...web, result: { ...exit, exitCode: 1, error: "lost" }, isStoppedByHost: true },
    ["2 web   * stopped: exit code 1: lost\n"],
  ],
  [
    { kind: "task-restarting", ...web, delayMs: 15_000, attempt: 1, attempts: 3, isWithinPolicy: true },
    ["2 web   * restarting in 15s (attempt 1 of 3)\n"],
  ],
  [
    { kind: "task-restarting", ...web, delayMs: 90_000, attempt: 4, attempts: 3, isWithinPolicy: false },
    ["2 web   * restarting in 1m30s, in the next interval: 3 restarts are used up\n"],
  ],
  [
    { kind: "task-not-restarting", ...web, reason: "attempts-used-up", attempts: 3, intervalMs: 1_800_000 },
    ["2 web   * not restarted: 3 restarts within 30m are used up\n"],
  ],
  [
    { kind: "task-not-restarting", ...web, reason: "attempts-used-up", attempts: 1, intervalMs: 5_000 },
    ["2 web   * not restarted: 1 restart within 5s is used up\n"],
  ],
  [
    { kind: "task-not-restarting", ...web, reason: "no-attempts-allowed", attempts: 0, intervalMs: 5_000 },
    ["2 web   * not restarted: its restart policy allows no restarts\n"],
  ],
  [
    { kind: "task-not-restarting", ...web, reason: "start-unrecoverable", attempts: 1, intervalMs: 5_000 },
    ["2 web   * not restarted: the driver sees no use in another try\n"],
  ],
  [{ kind: "note", message: "look" }, ["2 note: look\n"]],
  [{ kind: "plugin-log", entry: { level: "info", message: "quiet", fields: {} } }, []],
  [{ kind: "plugin-log", entry: { level: "warn", message: "loud", fields: {} } }, ["2 driver: loud\n"]],
  [
    {
      kind: "plugin-log",
      entry: { level: "error", message: "lost", fields: { error: 'read "x"', task: "a/b", tries: 3, empty: "" } },
    },
    ['2 driver: lost: error="read \\"x\\"" task=a/b tries=3 empty=""\n'],
  ],
  [log("stdout", "one\ntwo\n"), ["1 web   | one\nweb   | two\n"]],
  [log("stderr", "bad\n"), ["2 web   | bad\n"]],
];

for (const [event, expected] of lines) {
  test(`shows ${event.kind} as ${JSON.stringify(expected)}`, async () => {
    const shown: string[] = [];
    await printerTo(shown).print(event);
    assert.deepEqual(shown, expected);
  });
}

test("a last line without newline comes before the task's end", async () => {
  const shown: string[] = [];
  const printer = printerTo(shown);
  await printer.print(log("stdout", "half"));
  await printer.print({ kind: "task-exited", ...web, result: exit, isStoppedByHost: false });
  assert.deepEqual(shown, ["1 web   | half\n", "2 web   * ended: exit code 0\n"]);
});

test("names group and copy when there are several", async () => {
  const shown: string[] = [];
  await printerTo(shown, { hasSeveralAllocations: true }).print(log("stdout", "x\n"));
  assert.deepEqual(shown, ["1 front[1]/web | x\n"]);
});

test("colours the name on a terminal, and the bar of stderr red", async () => {
  const shown: string[] = [];
  const printer = printerTo(shown, { isTerminal: true });
  await printer.print(log("stdout", "x\n"));
  await printer.print(log("stderr", "x\n"));
  assert.deepEqual(shown, ["1 \u001b[36mweb  \u001b[0m | x\n", "2 \u001b[36mweb  \u001b[0m \u001b[31m|\u001b[0m x\n"]);
});

test("sums up with the exit code", async () => {
  const shown: string[] = [];
  const printer = printerTo(shown);
  const task = { ...web, role: "main" as const, result: exit, error: undefined, isStoppedByHost: false, isFailed: false, restarts: 0 };
  await printer.printSummary("shop", { exitCode: 0, tasks: [task, task] });
  await printer.printSummary("shop", { exitCode: 3, tasks: [task] });
  assert.deepEqual(shown, ["2 shop: done, 2 tasks in 0.0 s\n", "2 shop: exit code 3, 1 task in 0.0 s\n"]);
});

const styles: readonly (readonly [string, Parameters<typeof createStyle>[0], boolean])[] = [
  ["a terminal", { isTerminal: true, env: {} }, true],
  ["a terminal with an empty NO_COLOR", { isTerminal: true, env: { NO_COLOR: "" } }, true],
  ["a terminal with NO_COLOR", { isTerminal: true, env: { NO_COLOR: "1" } }, false],
  ["a dumb terminal", { isTerminal: true, env: { TERM: "dumb" } }, false],
  ["a pipe", { isTerminal: false, env: {} }, false],
];

for (const [what, options, isColoured] of styles) {
  test(`${what} gets ${isColoured ? "" : "no "}colours`, () => assert.equal(createStyle(options)("red", "x") !== "x", isColoured));
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { judgeExit, unknownExitCode, type ExitEvidence, type ObservedState } from "./exit-verdict.ts";

const startedAt = new Date("2026-08-21T10:00:00.000Z");
const later = (ms: number): Date => new Date(startedAt.getTime() + ms);

const running: ObservedState = { status: "running", pid: 4711, exitCode: 0, oomKilled: false, error: "", startedAt };
const exited = (exitCode: number, more: Partial<ObservedState> = {}): ObservedState => ({
  ...running,
  status: "exited",
  pid: 0,
  exitCode,
  finishedAt: later(60_000),
  ...more,
});
const evidence = (state: ObservedState | undefined, more: Partial<ExitEvidence> = {}): ExitEvidence => ({
  state,
  startedAt,
  sameBoot: true,
  conmonAlive: true,
  mainAlive: false,
  ...more,
});

interface Case {
  readonly what: string;
  readonly given: ExitEvidence;
  readonly exitCode: number;
  readonly signal?: number;
  readonly oomKilled?: boolean;
  readonly error?: RegExp;
}

const ends: readonly Case[] = [
  { what: "success", given: evidence(exited(0)), exitCode: 0 },
  { what: "an exit code of its own", given: evidence(exited(3)), exitCode: 3 },
  { what: "128, which names no signal", given: evidence(exited(128)), exitCode: 128 },
  { what: "the highest signal", given: evidence(exited(192)), exitCode: 192, signal: 64 },
  { what: "a code above all signals", given: evidence(exited(193)), exitCode: 193 },
  { what: "death by SIGKILL", given: evidence(exited(137)), exitCode: 137, signal: 9 },
  { what: "the state stopped without a process", given: evidence(exited(5, { status: "stopped" })), exitCode: 5 },
  { what: "an end before the start by Podman's clocks", given: evidence(exited(0, { finishedAt: later(-4999) })), exitCode: 0 },
  {
    what: "an end before the start by a clock that was set back since",
    given: evidence(exited(0, { finishedAt: later(-3_600_000) })),
    exitCode: 0,
  },
  {
    what: "an end before the start by Podman's clocks, in an earlier boot",
    given: evidence(exited(0, { finishedAt: later(-4999) }), { sameBoot: false }),
    exitCode: 0,
  },
  {
    what: "an end measured against our own start where Podman names none",
    given: evidence(exited(0, { startedAt: undefined })),
    exitCode: 0,
  },
  {
    what: "what Podman says of the end",
    given: evidence(exited(127, { error: "exec: not found" })),
    exitCode: 127,
    error: /^exec: not found$/,
  },
  { what: "success in spite of Podman's remarks", given: evidence(exited(0, { error: "some remark" })), exitCode: 0 },
  { what: "success although a child was killed for memory", given: evidence(exited(0), { oomKills: 2 }), exitCode: 0 },
  {
    what: "an OOM kill by the cgroup's counter",
    given: evidence(exited(137), { oomKills: 1, memoryLimitBytes: 64 * 1_048_576 }),
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: /^OOM killed: the task went over its memory limit of 64 MiB$/,
  },
  {
    what: "an OOM kill by Podman's flag",
    given: evidence(exited(137, { oomKilled: true })),
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: /^OOM killed$/,
  },
  { what: "a kill that was no OOM kill", given: evidence(exited(137), { oomKills: 0, memoryLimitBytes: 1 }), exitCode: 137, signal: 9 },
  {
    what: "a stop of a task that had lost a child for memory before",
    given: evidence(exited(137, { oomKilled: true }), { oomKills: 1, survivedOomKills: 1 }),
    exitCode: 137,
    signal: 9,
  },
  {
    what: "an OOM kill while it was being stopped, by the counter",
    given: evidence(exited(137), { oomKills: 2, survivedOomKills: 1 }),
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: /^OOM killed$/,
  },
  {
    what: "an OOM kill while it was being stopped, by Podman's flag",
    given: evidence(exited(137, { oomKilled: true }), { oomKills: 0, survivedOomKills: 0 }),
    exitCode: 137,
    signal: 9,
    oomKilled: true,
    error: /^OOM killed$/,
  },
  { what: "the code of a task that ended before the host was rebooted", given: evidence(exited(6), { sameBoot: false }), exitCode: 6 },
  { what: "success of a task that ended before the host was rebooted", given: evidence(exited(0), { sameBoot: false }), exitCode: 0 },
  { what: "the code of a task whose conmon ended with it", given: evidence(exited(4), { conmonAlive: false }), exitCode: 4 },
  {
    what: "a removed container by the code of Podman's wait",
    given: evidence(undefined, { waitCode: 137, oomKills: 1 }),
    exitCode: 137,
    signal: 9,
    oomKilled: true,
  },
];

const unknowns: readonly { readonly what: string; readonly given: ExitEvidence; readonly error: RegExp }[] = [
  {
    what: "a container that the reboot has reset",
    given: evidence({ ...running, status: "created", pid: 0, startedAt: undefined }, { sameBoot: false }),
    error: /the host was rebooted/,
  },
  {
    what: "a container that is created again, for whatever reason",
    given: evidence({ ...running, status: "created", pid: 0 }),
    error: /Podman says created but not when it finished/,
  },
  {
    what: "a container that runs by Podman's records of an earlier boot",
    given: evidence(running, { sameBoot: false }),
    error: /the host was rebooted/,
  },
  {
    what: "an end without a moment",
    given: evidence(exited(0, { finishedAt: undefined })),
    error: /Podman says exited but not when it finished/,
  },
  {
    what: "an end long before the start, in an earlier boot",
    given: evidence(exited(0, { finishedAt: later(-5001) }), { sameBoot: false }),
    error: /the host was rebooted/,
  },
  {
    what: "a container created again whose last end was before the start",
    given: evidence({ ...exited(0, { finishedAt: later(-5001) }), status: "created" }),
    error: /not when it finished/,
  },
  { what: "a negative code", given: evidence(exited(-1)), error: /exit code unknown/ },
  {
    what: "a lost conmon",
    given: evidence(running, { conmonAlive: false }),
    error: /conmon, which watches over the container, was killed/,
  },
  { what: "a container that is gone", given: evidence(undefined), error: /removed by someone else/ },
  { what: "a container that is gone, whose wait gave 0", given: evidence(undefined, { waitCode: 0 }), error: /removed by someone else/ },
  { what: "a container that is gone, whose wait gave -1", given: evidence(undefined, { waitCode: -1 }), error: /removed by someone else/ },
];

describe("an ended task", () => {
  for (const { what, given, exitCode, signal = 0, oomKilled = false, error } of ends) {
    test(`reports ${what}`, () => {
      const verdict = judgeExit(given);
      assert.ok(verdict.ended);
      const { error: text, ...result } = verdict.result;
      assert.deepEqual(result, { exitCode, signal, oomKilled });
      if (error === undefined) assert.equal(text, undefined);
      else assert.match(text ?? "", error);
    });
  }

  for (const { what, given, error } of unknowns) {
    test(`has failed with an unknown code: ${what}`, () => {
      const verdict = judgeExit(given);
      assert.ok(verdict.ended);
      assert.equal(verdict.result.exitCode, unknownExitCode);
      assert.match(verdict.result.error ?? "", /^exit code unknown: /);
      assert.match(verdict.result.error ?? "", error);
    });
  }
});

describe("a task that has not ended", () => {
  for (const status of ["running", "paused", "stopping", "initialized", "removing", "unknown"]) {
    test(`goes on while Podman says ${status}, even if a wait says otherwise`, () => {
      assert.deepEqual(judgeExit(evidence({ ...running, status }, { waitCode: 0 })), { ended: false });
    });
  }

  test("goes on while Podman says stopped but names a process", () => {
    assert.deepEqual(judgeExit(evidence({ ...running, status: "stopped" })), { ended: false });
  });
});

test("success is only ever reported when Podman says that the container finished after it was started", () => {
  const moment = fc.option(fc.integer({ min: -100_000, max: 100_000 }).map(later), { nil: undefined });
  const state = fc.record({
    status: fc.constantFrom("created", "initialized", "running", "stopping", "stopped", "paused", "exited", "removing", "unknown"),
    pid: fc.constantFrom(0, 4711),
    exitCode: fc.constantFrom(-1, 0, 1, 137),
    oomKilled: fc.boolean(),
    error: fc.constantFrom("", "text"),
    startedAt: moment,
    finishedAt: moment,
  });
  const anything = fc.record({
    state: fc.option(state, { nil: undefined }),
    startedAt: fc.constant(startedAt),
    sameBoot: fc.boolean(),
    conmonAlive: fc.boolean(),
    mainAlive: fc.boolean(),
    waitCode: fc.option(fc.constantFrom(-1, 0, 1, 137), { nil: undefined }),
    oomKills: fc.option(fc.nat(3), { nil: undefined }),
    survivedOomKills: fc.option(fc.nat(3), { nil: undefined }),
  });
  fc.assert(
    fc.property(anything, (given) => {
      const verdict = judgeExit(given);
      if (!verdict.ended || verdict.result.exitCode !== 0) return;
      assert.equal(given.mainAlive, false);
      assert.ok(given.state !== undefined && given.state.exitCode === 0 && given.state.finishedAt !== undefined);
      const isAfterStart = given.state.finishedAt.getTime() >= (given.state.startedAt ?? startedAt).getTime() - 5000;
      assert.ok(isAfterStart || (given.sameBoot && given.state.status !== "created"));
      assert.equal(verdict.result.error, undefined);
    }),
  );
});

for (const state of [exited(0), exited(137), { ...exited(0), status: "created" }, undefined]) {
  test(`a process that lives has not ended, though Podman says ${state?.status ?? "nothing"} (${state?.exitCode ?? "no code"})`, () => {
    assert.deepEqual(judgeExit(evidence(state, { mainAlive: true, waitCode: 1 })), { ended: false });
    const lost = judgeExit(evidence(state, { mainAlive: true, conmonAlive: false }));
    assert.ok(lost.ended && lost.result.exitCode === unknownExitCode);
    assert.match(lost.result.error ?? "", /conmon/);
  });
}

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startEngine, testSetting, until, type Engine } from "@driver/testing";
import { findExit, type TaskExit } from "./allocation.ts";
import { startTask, untilReleased, type LiveAllocation } from "./live-allocation.ts";
import { NomadAgent } from "./nomad-agent.ts";

/** How soon Nomad must know of an end while Podman is absent: the kill time-outs below and ten seconds. */
const toldWithinMs = 14_000;
const limitMs = 60_000;
/** Set to e.g. 300 for an outage that outlasts all tries of Nomad's. */
const outageSeconds = Number(process.env["OUTAGE_SECONDS"] ?? 0);

// Disposed from its end: the agent ends its tasks on an engine that is still there.
const owned = new AsyncDisposableStack();
after(() => owned.disposeAsync());
const engine = owned.use(await startEngine({ folder: "/run/absent-engine" }, AbortSignal.timeout(30_000)));
await engine.importBusybox(testSetting("TEST_IMAGE"));
const agent = owned.use(await NomadAgent.start({ name: "absent-podman", socketPath: engine.socketPath }));

interface Absence {
  readonly name: string;
  begin(engine: Engine): Promise<void>;
  end(engine: Engine): Promise<void>;
}

const absences: readonly Absence[] = [
  {
    name: "frozen",
    begin: async ({ pid }) => void process.kill(pid, "SIGSTOP"),
    end: async ({ pid }) => void process.kill(pid, "SIGCONT"),
  },
  { name: "down", begin: (gone) => gone.killService(), end: (gone) => gone.reviveService() },
];

const grows = "text=grow; while :; do text=$text$text; done";
const forever = "while :; do sleep 0.1; done";

for (const { name, begin, end } of absences) {
  const limit = { timeout: (outageSeconds + 240) * 1000 };
  test(`while Podman is ${name}, tasks end and are stopped as always, Nomad is told, and nothing is left after`, limit, async () => {
    const start = (what: string, script: string, wish: object = {}): Promise<LiveAllocation> =>
      startTask(agent, { name: `${name}-${what}`, script: `echo in; ${script}`, ...wish });
    const [well, badly, greedy, polite, deaf] = await Promise.all([
      start("exit-0", `${untilReleased}; echo out`),
      start("exit-32", `${untilReleased}; echo out; exit 32`),
      start("oom", `${untilReleased}; ${grows}`, { memoryMb: 24 }),
      start("polite", `trap 'echo out; exit 21' TERM; ${forever}`, { type: "service", killTimeout: "4s" }),
      start("deaf", `trap '' TERM; ${forever}`, { type: "service", killTimeout: "4s" }),
    ]);
    const all = [well, badly, greedy, polite, deaf];
    for (const one of all) await one.untilPrinted("in\n");
    await begin(engine);
    let told: readonly (TaskExit | undefined)[] = [];
    try {
      await Promise.all([well.release(), badly.release(), greedy.release(), polite.stopJob(), deaf.stopJob()]);
      await until(async () => {
        const reports = await Promise.all(all.map((one) => one.report()));
        told = reports.map(findExit);
        return reports.every(({ status }) => status === "complete" || status === "failed");
      }, toldWithinMs).catch((error: unknown) => assert.fail(`${String(error)}: ${JSON.stringify(told)}`));
      await sleep(outageSeconds * 1000);
    } finally {
      await end(engine);
    }
    const codes = told.map((exit) => exit && { code: exit.code, signal: exit.signal, oomKilled: exit.oomKilled });
    assert.deepEqual(codes, [
      { code: 0, signal: 0, oomKilled: false },
      { code: 32, signal: 0, oomKilled: false },
      { code: 137, signal: 9, oomKilled: true },
      { code: 21, signal: 0, oomKilled: false },
      { code: 137, signal: 9, oomKilled: false },
    ]);
    for (const one of [well, badly, polite]) await one.untilPrinted("in\nout\n");
    // Nomad may keep the dead allocations of batch jobs; it destroys their tasks when it is told to.
    await Promise.all([well, badly, greedy].map((one) => one.stopJob()));
    await until(async () => (await engine.run(["ps", "--all", "--quiet"])).stdout === "", 2 * limitMs);
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { DriverRig } from "@driver/testing";
import { AgentStreams } from "../agent-streams.ts";
import { restedMs, type Part } from "../bed.ts";
import { startTasks } from "../bed-tasks.ts";
import { atMost } from "../figure.ts";
import { readAnonymousMb, readResidentMb } from "../process-usage.ts";
import { StatsListeners } from "../stats-listeners.ts";

const taskCount = 50;

export const memory: Part = {
  name: "memory",
  summary: "anonymous memory of the plugin, idle and with 50 tasks and their statistics",
  async run() {
    await using rig = await DriverRig.start();
    await using _streams = new AgentStreams(rig.driver);
    await sleep(restedMs);
    const idleMb = readAnonymousMb(rig.pluginPid);
    const residentMb = readResidentMb(rig.pluginPid);
    const tasks = await startTasks(rig, taskCount);
    const startedMb = readAnonymousMb(rig.pluginPid);
    await using _listeners = await StatsListeners.start(rig, tasks, 1000);
    await sleep(restedMs);
    const busyMb = readAnonymousMb(rig.pluginPid);
    const remark = `${startedMb.toFixed(1)} MB as soon as they were started, then ${restedMs / 1000} s of 1 s statistics`;
    return [
      { name: "RssAnon, idle", value: idleMb, unit: "MB", goal: atMost(25) },
      { name: "RSS, idle", value: residentMb, unit: "MB", remark: "with the pages of the executable, which all its processes share" },
      { name: `RssAnon, ${taskCount} tasks`, value: busyMb, unit: "MB", goal: atMost(35), remark },
    ];
  },
};

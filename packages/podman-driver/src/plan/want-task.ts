import { hash } from "node:crypto";
import { encodeGoMsgpack, type HclRecord, type TaskConfig } from "@driver/nomad-plugin";
import { toOptionNotices, type Notice } from "../config/option-notices.ts";
import { refuseUnapplied } from "../config/refuse-unapplied.ts";
import { Report, reportAll, type Mistake } from "../config/report.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import { judgeWishes } from "../policy/judge-wishes.ts";
import type { Given } from "../topics/topic.ts";
import { topics, type WantedTask } from "../topics/topics.ts";
import type { Wish } from "../topics/wish.ts";
import { checkCombinations } from "./check-combinations.ts";
import { taskSchema, type TaskOptions } from "./task-schema.ts";

/** A task's config, decoded and checked. Raw options go no further. */
export interface DecodedTask {
  readonly wanted: WantedTask;
  /** What an operator may forbid. */
  readonly wishes: readonly Wish[];
  /** Short fingerprint of the config; tells whether a running container was made from this one. */
  readonly configHash: string;
  /** The config as it is kept with the task: the Go driver's shape, without secrets. */
  readonly kept: HclRecord;
  /** What the job's author should know, for task events. */
  readonly notices: readonly Notice[];
}

/** What a config's author is told of it. */
export interface TaskRemarks extends Pick<DecodedTask, "notices"> {
  /** What `wantTask` would refuse. Empty: only a start can tell. */
  readonly mistakes: readonly Mistake[];
}

/**
 * Decodes and checks a task's config, whatever Podman runs it.
 * @throws DriverError `config-invalid` or `unsupported` with all mistakes, each with key, value and what would be right
 */
export function wantTask(task: TaskConfig, settings: TaskSettings): DecodedTask {
  // Without a mistake it is decoded.
  return reportAll((report) => decodeInto(report, task, settings)) as DecodedTask;
}

/** What there is to say of a task's config, whatever Podman runs it. Of one that cannot be decoded there are no notices. */
export function remarkOn(task: TaskConfig, settings: TaskSettings): TaskRemarks {
  const report = new Report();
  const { notices = [] } = decodeInto(report, task, settings) ?? {};
  return { mistakes: report.mistakes, notices };
}

function decodeInto(report: Report, task: TaskConfig, settings: TaskSettings): DecodedTask | undefined {
  const options = taskSchema.decodeAll(task.driverConfig, (mistake) => report.note(mistake, ""));
  if (options === undefined) return undefined;
  const whatIsSet = taskSchema.whatIsSet(options);
  refuseUnapplied(whatIsSet, "the task", report);
  const wishes: Wish[] = [];
  const wanted = wantAll(options, { task, settings, isPrivileged: options.privileged, report, wish: (wish) => void wishes.push(wish) });
  const combined = checkCombinations({ wanted, keys: new Set(whatIsSet.map(({ path }) => path)) }, report);
  for (const refusal of judgeWishes(wishes, { policy: settings.policy, allocDir: task.allocDir })) report.refuse(refusal);
  const kept = taskSchema.toValue(options);
  return { wanted, wishes, configHash: hashConfig(kept), kept, notices: [...whatIsSet.flatMap(toOptionNotices), ...combined] };
}

function wantAll(options: TaskOptions, given: Given): WantedTask {
  // Each topic takes the options of its own fields, which are among all of them.
  const entries = Object.entries(topics).map(([name, topic]) => [
    name,
    (topic.want as (options: TaskOptions, given: Given) => unknown)(options, given),
  ]);
  return Object.fromEntries(entries) as WantedTask;
}

/**
 * Of what is set or has a default, so that a key which a later version knows beside them changes nothing. Without `auth` and all other
 * secrets: labels are for everyone to read, and a digest of a password is a way to guess it. How an image is fetched makes no other
 * container anyway.
 */
export function hashConfig(kept: HclRecord): string {
  const set = Object.fromEntries(Object.entries(kept).filter(([name, value]) => value !== null && name !== "auth"));
  return hash("sha256", encodeGoMsgpack(set), "hex").slice(0, 16);
}

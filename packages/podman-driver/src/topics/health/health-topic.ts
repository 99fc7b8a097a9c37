import type { ContainerSpec } from "@driver/libpod";
import { attr, block } from "@driver/nomad-plugin";
import type { EngineFacts } from "../../engine/engine-facts.ts";
import { refuseBefore } from "../refuse-before.ts";
import { toCheck, toHealthConfig, type WantedCheck } from "./health-check.ts";
import type { Report } from "../../config/report.ts";
import { topic } from "../topic.ts";

/** What becomes of a health check: the image's is left alone or turned off, or the task has its own. */
export type WantedHealth = { readonly kind: "image" } | { readonly kind: "off" } | { readonly kind: "own"; readonly check: WantedCheck };

/** How a task's own check is followed. */
export interface HealthCheckTimes {
  /** How often this driver has Podman run the check; undefined: systemd does. */
  readonly everyMs: number | undefined;
  /** The same until the check has succeeded for the first time. */
  readonly firstEveryMs: number | undefined;
}

/** Podman's checks of a running container. */
export const healthTopic = topic({
  fields: {
    healthchecks: block(
      { disable: attr.bool({ default: false, help: "Never run the image's health check." }) },
      { help: "Docker's way to turn the image's health check off." },
    ),
    healthcheck: block(
      {
        test: attr.any({ help: 'Run in the container: a line for /bin/sh, or a list of program and arguments; ["NONE"]: no check.' }),
        interval: attr.string({ help: "Time between two checks; default 30s." }),
        timeout: attr.string({ help: "A check that takes longer has failed; default 30s." }),
        retries: attr.number({ help: "So many failures one after the other make the task unhealthy; default 3." }),
        start_period: attr.string({ help: "Failures so soon after the start do not count; default 0s." }),
        on_failure: attr.string({ help: "What Podman does with an unhealthy task: none, kill or stop; default none." }),
        startup: block(
          {
            test: attr.any({ help: "As healthcheck.test." }),
            interval: attr.string({ help: "Time between two start-up checks; default 30s." }),
            timeout: attr.string({ help: "A start-up check that takes longer has failed; default 30s." }),
            success: attr.number({ help: "So many successes end the start-up check; default 1." }),
          },
          { needs: "4.5", help: "Check that runs in place of the other until it has succeeded." },
        ),
      },
      { help: "Health check of the task's own, in place of the image's; its changes are task events." },
    ),
  },
  want: ({ healthchecks, healthcheck }, { report }): WantedHealth => {
    const check = toCheck(healthcheck, report);
    const isOff = healthchecks?.disable === true;
    if (isOff && check !== undefined && check !== "off") {
      report.refuse({
        key: "healthchecks.disable",
        value: true,
        problem: "turns off the check that healthcheck asks for",
        remedy: "remove one of the two",
      });
    }
    if (isOff || check === "off") return { kind: "off" };
    return check === undefined ? { kind: "image" } : { kind: "own", check };
  },
  plan: (wanted, { facts, report }) => ({ spec: toSpec(wanted, facts, report) }),
});

/** Undefined: the task has no check of its own, and nobody follows the image's. */
export function toHealthCheckTimes(wanted: WantedHealth, { hasSystemd }: EngineFacts): HealthCheckTimes | undefined {
  if (wanted.kind !== "own") return undefined;
  const { intervalMs, startup } = wanted.check;
  if (hasSystemd) return { everyMs: undefined, firstEveryMs: undefined };
  return { everyMs: intervalMs, firstEveryMs: startup?.intervalMs ?? intervalMs };
}

function toSpec(wanted: WantedHealth, facts: EngineFacts, report: Report): Partial<ContainerSpec> {
  if (wanted.kind === "image") return {};
  // Of an empty check each version makes another thing (podman 4.3 to 6.1).
  if (wanted.kind === "off") return { healthconfig: { Test: ["NONE"] } };
  const { retries, startPeriodMs, onFailure, startup } = wanted.check;
  if (startup !== undefined) refuseBefore({ key: "healthcheck.startup", since: [4, 5] }, { facts, report });
  if (onFailure !== 0) refuseBefore({ key: "healthcheck.on_failure", since: [4, 3] }, { facts, report });
  // Without systemd nobody but this driver runs the checks, and nobody else may: twice the checks would be twice the failures.
  const own = facts.hasSystemd ? {} : { intervalMs: 0 };
  return {
    healthconfig: toHealthConfig({ ...wanted.check, ...own }, { Retries: retries, StartPeriod: startPeriodMs * 1e6 }),
    ...(onFailure !== 0 && { health_check_on_failure_action: onFailure }),
    // Podman itself would start the container again when so many of them fail: never, with 0.
    ...(startup !== undefined && {
      startupHealthConfig: { ...toHealthConfig({ ...startup, ...own }, { Retries: 0, StartPeriod: 0 }), Successes: startup.successes },
    }),
  };
}

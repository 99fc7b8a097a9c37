import { randomUUID } from "node:crypto";

import type { Job } from "../../job/job.ts";
import { RunError } from "../run-error.ts";

/** What a person gives to a parameterized job. */
export interface Dispatch {
  /** Undefined: none was given. */
  readonly payload: Uint8Array | undefined;
  readonly meta: Readonly<Record<string, string>>;
}

export const noDispatch: Dispatch = { payload: undefined, meta: {} };

const payloadLimitBytes = 16 * 1024;

/** The job that a server makes of a parameterized one for each dispatch; rejects with `job-invalid` when the two do not fit. */
export function dispatchJob(job: Job, dispatch: Dispatch, now: Date): Job {
  checkDispatch(job, dispatch);
  const { parameters, ...rest } = job;
  if (parameters === undefined) return job;
  const id = `${job.id}/dispatch-${toSeconds(now)}-${randomUUID().slice(0, 8)}`;
  const meta = { ...emptyMeta(parameters.metaOptional), ...job.meta, ...dispatch.meta };
  return { ...rest, id, name: id, parentId: job.id, meta, payload: dispatch.payload };
}

/** The job as if it had been dispatched with everything that it takes. */
export function sampleDispatch(job: Job): Job {
  const { metaRequired, metaOptional } = job.parameters ?? { metaRequired: [], metaOptional: [] };
  return { ...job, meta: { ...emptyMeta([...metaRequired, ...metaOptional]), ...job.meta } };
}

/** What is optional and not given is there all the same (`nomad`). */
function emptyMeta(names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** The job that a server makes of a periodic one for each launch. */
export function periodicJob(job: Job, launch: Date): Job {
  const { periodic, ...rest } = job;
  const id = `${job.id}/periodic-${toSeconds(launch)}`;
  return periodic === undefined ? job : { ...rest, id, name: id, parentId: job.id };
}

function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function checkDispatch({ parameters, position: ofJob }: Job, { payload, meta }: Dispatch): void {
  const names = Object.keys(meta);
  const hasPayload = payload !== undefined && payload.length > 0;
  if (parameters === undefined) {
    if (hasPayload || names.length > 0) refuse("the job has no parameterized block, so it takes neither a payload nor meta", ofJob);
    return;
  }
  const { position, metaRequired, metaOptional } = parameters;
  if (parameters.payload === "required" && !hasPayload)
    refuse("parameterized: a payload is required; give it with -payload FILE", position);
  if (parameters.payload === "forbidden" && hasPayload) refuse("parameterized: this job takes no payload", position);
  if (payload !== undefined && payload.length > payloadLimitBytes)
    refuse(`parameterized: the payload has ${payload.length} bytes, and may have ${payloadLimitBytes}`, position);
  const known = [...metaRequired, ...metaOptional];
  const foreign = names.filter((name) => !known.includes(name));
  if (foreign.length > 0) {
    const right = known.length === 0 ? "it takes none" : `known are ${known.join(", ")}`;
    refuse(`parameterized: this job does not take the meta ${foreign.join(", ")}; ${right}`, position);
  }
  const missing = metaRequired.filter((name) => !names.includes(name));
  if (missing.length > 0)
    refuse(
      `parameterized: meta is required: ${missing.join(", ")}; give it with ${missing.map((name) => `-meta ${name}=VALUE`).join(" ")}`,
      position,
    );
}

function refuse(message: string, position: Job["position"]): never {
  throw new RunError("job-invalid", message, { position });
}

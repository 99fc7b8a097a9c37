import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Fingerprint } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";
import { toFingerprint, type EngineProbe } from "./fingerprint.ts";
import type { Engine } from "./engine.ts";

export interface HealthIntervals {
  readonly healthyMs: number;
  /** While something is wrong, so that the node heals soon after Podman does. */
  readonly unhealthyMs: number;
  /** A service that does not answer a look, a ping and one question, within this is not healthy. */
  readonly probeTimeoutMs: number;
}

export const defaultHealthIntervals: HealthIntervals = { healthyMs: 30_000, unhealthyMs: 3000, probeTimeoutMs: 10_000 };

/**
 * Looks at all services at once and again on an interval; yields the first look and then only what is new. `hosts` is asked
 * each time, since a new plugin config brings new ones.
 */
export async function* followHealth(engines: () => readonly Engine[], intervals: HealthIntervals, signal: AbortSignal): AsyncGenerator<Fingerprint> {
  let seenBefore = false;
  let last: Fingerprint | undefined;
  while (!signal.aborted) {
    const probes = await Promise.all(engines().map((engine) => probe(engine, intervals.probeTimeoutMs, signal)));
    if (signal.aborted) return;
    const fingerprint = toFingerprint(probes, seenBefore);
    seenBefore ||= probes.some((one) => "findings" in one);
    if (!isDeepStrictEqual(fingerprint, last)) yield fingerprint;
    last = fingerprint;
    const pauseMs = probes.every((one) => "findings" in one) ? intervals.healthyMs : intervals.unhealthyMs;
    await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function probe(engine: Engine, timeoutMs: number, signal: AbortSignal): Promise<EngineProbe> {
  const { name, isDefault } = engine;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return { name, isDefault, findings: await engine.probe(AbortSignal.any([signal, deadline])) };
  } catch (error) {
    const text = deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error);
    return { name, isDefault, failure: text.includes(engine.socketPath) ? text : `${text} (socket ${engine.socketPath})` };
  }
}

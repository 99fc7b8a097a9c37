import { setTimeout as sleep } from "node:timers/promises";
import { LibpodError } from "@driver/libpod";
import { messageOf } from "@driver/std";
import { Bell } from "../bell.ts";
import { isListening } from "../host/listening-sockets.ts";
import type { HostRoots } from "../host/proc-files.ts";
import { findSocketObstacle } from "../host/socket-obstacle.ts";
import { SocketPlace } from "../host/socket-place.ts";
import type { Engine } from "./engine.ts";
import type { EngineProbe } from "./fingerprint.ts";

export interface HealthIntervals {
  readonly healthyMs: number;
  /** The pause after a failure; it doubles up to one of the next two. */
  readonly firstRetryMs: number;
  /** Where the service's return will be seen without a look, and elsewhere after some minutes. */
  readonly seenReturnMs: number;
  readonly unseenReturnMs: number;
  /** Between two looks at the kernel's list of sockets while a service rests and systemd listens for it. */
  readonly restingMs: number;
  /** A service that does not answer a look, a ping and one question, within this is not healthy. */
  readonly probeTimeoutMs: number;
}

export const defaultHealthIntervals: HealthIntervals = {
  healthyMs: 30_000,
  firstRetryMs: 100,
  seenReturnMs: 60_000,
  unseenReturnMs: 10_000,
  restingMs: 1500,
  probeTimeoutMs: 10_000,
};

/** From when on a service is left alone as well whose return will not be seen: with the default intervals that is after five minutes. */
const longAwayFailures = 36;

/** How a look went; what it shows decides what the next one waits for. */
export type LookOutcome = "healthy" | "unreachable" | "silent" | "other-failure";

/**
 * Looks at one service at once, and again as soon as something shows that it has gone or come back: a change where its socket
 * should be, the end of a connection that is kept, or the answer to a ping that still waits for one. Without such a sign it
 * looks on an interval. Yields every look; ends with the signal.
 */
export async function* followEngine(
  engine: Engine,
  { intervals, roots }: { readonly intervals: HealthIntervals; readonly roots: HostRoots },
  signal: AbortSignal,
): AsyncGenerator<EngineProbe> {
  const bell = new Bell();
  using place = engine.isRemote ? undefined : new SocketPlace(engine.socketPath, bell.ring);
  let failures = 0;
  let hadEnded = false;
  while (!signal.aborted) {
    const isPlaceWatched = place?.arm() ?? false;
    const { probe, outcome } = await look(engine, intervals.probeTimeoutMs, signal);
    if (signal.aborted) return;
    yield probe;
    failures = outcome === "healthy" ? 0 : failures + 1;
    using contact = new Contact(engine, { roots, restingMs: intervals.restingMs, ring: bell.ring });
    // A service that had only let go, and is well, may do so each time: its next end would tell nothing.
    if (outcome === "silent") contact.awaitAnswer(signal);
    else if (outcome === "healthy" && !hadEnded) contact.awaitEnd(signal);
    const isCalled = await bell.wait(pauseAfter({ outcome, failures, isPlaceWatched }, intervals), signal).catch(() => false);
    hadEnded = contact.hasEnded;
    if (isCalled) failures = 0;
  }
}

/** How long nothing but a sign brings the next look. */
export function pauseAfter(
  { outcome, failures, isPlaceWatched }: { readonly outcome: LookOutcome; readonly failures: number; readonly isPlaceWatched: boolean },
  { healthyMs, firstRetryMs, seenReturnMs, unseenReturnMs }: HealthIntervals,
): number {
  if (outcome === "healthy") return healthyMs;
  const isReturnSeen = outcome === "silent" || (outcome === "unreachable" && isPlaceWatched);
  return Math.min(firstRetryMs * 2 ** (failures - 1), isReturnSeen || failures > longAwayFailures ? seenReturnMs : unseenReturnMs);
}

interface ContactOptions {
  readonly roots: HostRoots;
  readonly restingMs: number;
  ring(): void;
}

/** A connection to the service that is kept for what it alone shows. Disposed of, it is dropped and rings no more. */
class Contact implements Disposable {
  hasEnded = false;
  readonly #engine: Engine;
  readonly #options: ContactOptions;
  readonly #dropped = new AbortController();

  constructor(engine: Engine, options: ContactOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Rings when a service that gave no answer gives one, or breaks the connection. */
  awaitAnswer(signal: AbortSignal): void {
    void this.#hold(signal).then(this.#ringIfKept, this.#ringIfKept);
  }

  /**
   * Rings when the connection has ended and nobody listens any more, at once or later: a service that rests while systemd listens
   * for it is well. When systemd stops to, it leaves the socket where it is, so that only the kernel's list shows it.
   */
  awaitEnd(signal: AbortSignal): void {
    const onEnd = async (): Promise<void> => {
      const { roots, restingMs, ring } = this.#options;
      while (!this.#dropped.signal.aborted) {
        // Of a service on another host nothing else would be seen.
        if (this.#engine.isRemote || !isListening(roots, this.#engine.socketPath)) {
          this.hasEnded = true;
          return ring();
        }
        await sleep(restingMs, undefined, { signal: this.#dropped.signal, ref: false }).catch(() => undefined);
      }
    };
    void this.#hold(signal).then(({ ended }) => ended).then(onEnd, onEnd);
  }

  [Symbol.dispose](): void {
    this.#dropped.abort(new Error("the connection is wanted no longer"));
  }

  #hold(signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
    return this.#engine.client.hold(AbortSignal.any([signal, this.#dropped.signal]));
  }

  readonly #ringIfKept = (): void => {
    if (!this.#dropped.signal.aborted) this.#options.ring();
  };
}

async function look(
  engine: Engine,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ readonly probe: EngineProbe; readonly outcome: LookOutcome }> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    return { probe: { findings: await engine.probe(AbortSignal.any([signal, deadline])) }, outcome: "healthy" };
  } catch (error) {
    const outcome = toOutcome(error, deadline.aborted);
    const said = outcome === "silent" && deadline.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error);
    const text = said.includes(engine.socketPath) ? said : `${said} (socket ${engine.socketPath})`;
    const obstacle = outcome === "unreachable" && !engine.isRemote ? findSocketObstacle(engine.socketPath) : undefined;
    return { probe: { failure: obstacle === undefined ? text : `${text}: ${obstacle}` }, outcome };
  }
}

function toOutcome(error: unknown, isLate: boolean): Exclude<LookOutcome, "healthy"> {
  if (isLate) return "silent";
  const code = error instanceof LibpodError ? error.code : undefined;
  return code === "timeout" ? "silent" : code === "unreachable" ? "unreachable" : "other-failure";
}

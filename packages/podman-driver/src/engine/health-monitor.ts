import { isDeepStrictEqual } from "node:util";
import type { Fingerprint } from "@driver/nomad-plugin";
import { toTimerMs } from "@driver/std";
import { Bell } from "../bell.ts";
import type { OperatorPolicy } from "../config/operator-policy.ts";
import { findUsualSockets } from "../host/listening-sockets.ts";
import type { HostRoots } from "../host/proc-files.ts";
import type { Engine } from "./engine.ts";
import type { Engines, NamedEngine } from "./engines.ts";
import { toFingerprint, withoutFormer, type EngineProbe, type NamedProbe } from "./fingerprint.ts";
import { followEngine, type HealthIntervals } from "./follow-engine.ts";

/** What is known of the others is told when one service has not answered its first look by then. */
const firstLookMs = 2000;
/** As long as timers go; nothing but news is waited for. */
const longestWaitMs = toTimerMs(Infinity);

export interface HealthOptions {
  readonly intervals: HealthIntervals;
  readonly roots: HostRoots;
  /** What tasks may ask for by today's plugin config. */
  policy(): OperatorPolicy;
}

/**
 * Follows all services, each by itself, and yields what is new of them together: the first time when each has been looked at, or
 * one of them after two seconds. A new plugin config brings new ones.
 */
export async function* followHealth(engines: Engines, options: HealthOptions, signal: AbortSignal): AsyncGenerator<Fingerprint> {
  using followed = new FollowedEngines(options, signal);
  void followed.follow(engines);
  let seenBefore = false;
  let last: Fingerprint | undefined;
  while (!signal.aborted) {
    const pendingMs = followed.pendingMs();
    if (pendingMs === 0) {
      const probes = followed.probes();
      const findOthers = (): readonly string[] => findUsualSockets(options.roots, followed.socketPaths);
      const now = toFingerprint(probes, { seenBefore, policy: options.policy(), findOthers });
      const fingerprint = withoutFormer(now, last?.attributes ?? {});
      seenBefore ||= probes.some((one) => !("failure" in one));
      if (!isDeepStrictEqual(fingerprint, last)) yield fingerprint;
      last = fingerprint;
    }
    await followed.news.wait(pendingMs === 0 ? longestWaitMs : pendingMs, signal).catch(() => undefined);
  }
}

interface FollowedEngine {
  readonly engine: Engine;
  readonly since: number;
  readonly stop: AbortController;
  /** What the last look gave; undefined before the first. */
  probe?: EngineProbe;
}

/** The services of the plugin config of the day, each looked at by itself: one that hangs holds up nobody's news. */
class FollowedEngines implements Disposable {
  /** Rings when a service was looked at, or there are others. */
  readonly news = new Bell();
  readonly #options: HealthOptions;
  readonly #signal: AbortSignal;
  #named: readonly NamedEngine[] = [];
  #followed: readonly FollowedEngine[] = [];
  #isDisposed = false;

  constructor(options: HealthOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Follows these from now on, and then those of each later config. */
  async follow(engines: Engines): Promise<void> {
    for (let today = engines; !this.#isDisposed; today = await today.replaced) this.#replaceBy(today);
  }

  /**
   * How long is waited for those that have not been looked at; 0: for none of them any more. Until one has been, there is nothing
   * to tell.
   */
  pendingMs(): number {
    const waiting = this.#followed.filter(({ probe }) => probe === undefined);
    if (waiting.length > 0 && waiting.length === this.#followed.length) return longestWaitMs;
    return Math.max(0, ...waiting.map(({ since }) => Math.ceil(since + firstLookMs - performance.now())));
  }

  /** One for each name. */
  probes(): readonly NamedProbe[] {
    return this.#named.map(({ name, isDefault, engine }) => {
      const { probe } = this.#followed.find((one) => one.engine === engine) ?? {};
      return { name, isDefault, ...(probe ?? { failure: `no answer yet (socket ${engine.socketPath})` }) };
    });
  }

  get socketPaths(): readonly string[] {
    return this.#followed.map(({ engine }) => engine.socketPath);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const { stop } of this.#followed) stop.abort();
  }

  /** Goes on with those that it follows already, and lets go of all others. */
  #replaceBy({ named, all }: Engines): void {
    const former = this.#followed;
    this.#named = named;
    this.#followed = all.map((engine) => former.find((one) => one.engine === engine) ?? this.#start(engine));
    for (const one of former) if (!this.#followed.includes(one)) one.stop.abort();
    this.news.ring();
  }

  #start(engine: Engine): FollowedEngine {
    const one: FollowedEngine = { engine, since: performance.now(), stop: new AbortController() };
    void this.#collect(one);
    return one;
  }

  async #collect(one: FollowedEngine): Promise<void> {
    for await (const probe of followEngine(one.engine, this.#options, AbortSignal.any([this.#signal, one.stop.signal]))) {
      // Nomad keeps what is known of a service that is away.
      one.probe = { findings: one.probe?.findings, ...probe };
      this.news.ring();
    }
  }
}

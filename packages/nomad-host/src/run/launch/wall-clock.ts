const dayMs = 86_400_000;

/** The clock on the wall of a time zone. Its times are told as the milliseconds at which a clock in UTC shows the same. */
export class WallClock {
  readonly #format: Intl.DateTimeFormat;

  /** `timeZone` is a name of the IANA database, or `Local` for this machine's. */
  constructor(timeZone: string) {
    const zone = timeZone === "Local" ? {} : { timeZone };
    const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" } as const;
    this.#format = new Intl.DateTimeFormat("en-US", { ...zone, hourCycle: "h23", era: "short", ...parts });
  }

  wallOf(instantMs: number): number {
    const parts = new Map(this.#format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 0, day = 0] = (["year", "month", "day"] as const).map((type) => parts.get(type));
    const [hour = 0, minute = 0, second = 0] = (["hour", "minute", "second"] as const).map((type) => parts.get(type));
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** When the wall shows this: never, once or twice, in that order. */
  instantsOf(wallMs: number): readonly number[] {
    const offsets = [this.#offsetAt(wallMs - dayMs), this.#offsetAt(wallMs + dayMs)];
    const instants = [...new Set(offsets)].map((offsetMs) => wallMs - offsetMs);
    return instants.filter((instant) => this.wallOf(instant) === wallMs).toSorted((left, right) => left - right);
  }

  /** The first whole second between the two at which the clock has been put back; looks at one day after the other. */
  firstPutBack(fromMs: number, toMs: number): number | undefined {
    for (let startMs = fromMs; startMs < toMs; startMs += dayMs) {
      const endMs = Math.min(startMs + dayMs, toMs);
      if (this.#offsetAt(endMs) < this.#offsetAt(startMs)) return this.#changeBetween(startMs, endMs);
    }
    return undefined;
  }

  #changeBetween(startMs: number, endMs: number): number {
    let [before, after] = [Math.floor(startMs / 1000), Math.floor(endMs / 1000)];
    const offset = this.#offsetAt(after * 1000);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetAt(middle * 1000) === offset) after = middle;
      else before = middle;
    }
    return after * 1000;
  }

  #offsetAt(instantMs: number): number {
    return this.wallOf(instantMs) - Math.floor(instantMs / 1000) * 1000;
  }
}

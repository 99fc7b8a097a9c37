import { DriverError } from "@driver/nomad-plugin";
import { readDownloads, type Downloads } from "../host/download-folder.ts";
import type { PullListener } from "../engine/shared-pulls.ts";
import { toTime, type PullProgress } from "./pull-progress.ts";
import type { PullStatus } from "./pull-status.ts";

/** When those who wait are told how far a pull is: each time makes an entry in Nomad's state. */
export interface ReportTimes {
  readonly firstMs: number;
  readonly eachMs: number;
}

export const defaultReportTimes: ReportTimes = { firstMs: 10_000, eachMs: 30_000 };

export interface PullWatchOptions {
  readonly reference: string;
  readonly progress: PullProgress;
  /** Where Podman keeps what it downloads; empty where it does not say. */
  readonly downloadFolder: string;
  /** Infinity: no limit. */
  readonly activityTimeoutMs: number;
  readonly reportTimes: ReportTimes;
  readonly tell: PullListener;
  /** Told at each look, and at the end. */
  readonly follow: (status: PullStatus) => void;
  /** Called when nothing has come for too long. */
  readonly onStalled: (reason: DriverError) => void;
}

const lookEachMs = 1000;

/**
 * Looks at a running pull once a second: tells how far it is, and finds that nothing comes any more. Podman is silent while it downloads,
 * so the sizes of its files are looked at; where they cannot be seen, only its own words count and no silence is a stall.
 */
export class PullWatch implements AsyncDisposable {
  readonly #options: PullWatchOptions;
  readonly #startMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #before: ReadonlySet<string> | undefined;
  #totalBytes = 0;
  #isSeen = false;
  #movedMs = performance.now();
  #nextReportMs: number;

  private constructor(options: PullWatchOptions) {
    this.#options = options;
    this.#nextReportMs = options.reportTimes.firstMs;
  }

  static async start(options: PullWatchOptions): Promise<PullWatch> {
    const watch = new PullWatch(options);
    // The downloads of others, which have nothing to do with this pull.
    watch.#before = new Set((await readDownloads(options.downloadFolder))?.keys());
    watch.#timer = setInterval(() => watch.#lookUnlessBusy(), lookEachMs);
    watch.#timer.unref();
    return watch;
  }

  get elapsedMs(): number {
    return performance.now() - this.#startMs;
  }

  /** Podman has said something. */
  moved(): void {
    this.#movedMs = performance.now();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    this.#follow(true);
  }

  /** A slow disk makes looks rarer, and none wait for each other. */
  #lookUnlessBusy(): void {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
  }

  async #look(): Promise<void> {
    const { reference, progress, downloadFolder, activityTimeoutMs, reportTimes, tell, onStalled } = this.#options;
    this.#see(await readDownloads(downloadFolder));
    this.#follow(false);
    if (this.elapsedMs >= this.#nextReportMs) {
      // Not from when it was due: after a sleep of the machine all that were missed would come in a row.
      this.#nextReportMs = this.elapsedMs + reportTimes.eachMs;
      tell(`Pulling image ${reference}: ${progress.toString()}, ${toTime(this.elapsedMs)}`);
    }
    if (!this.#isSeen || !progress.isDownloading || performance.now() - this.#movedMs < activityTimeoutMs) return;
    const reason = `nothing has come for ${activityTimeoutMs / 1000} s (pull_activity_timeout); ${progress.toString()}`;
    onStalled(new DriverError("failed", reason, { recoverable: true }));
  }

  #follow(hasEnded: boolean): void {
    const { reference, progress, follow } = this.#options;
    follow({ image: reference, text: progress.toString(), bytes: progress.bytes, elapsedMs: this.elapsedMs, hasEnded });
  }

  #see(downloads: Downloads | undefined): void {
    const { progress } = this.#options;
    const own = [...(downloads ?? [])].filter(([name]) => this.#before?.has(name) === false);
    // Of two downloads that began since nobody can tell which is whose.
    progress.seeDownload(own.length === 1 ? own[0]?.[1] : undefined);
    this.#isSeen = own.length > 0;
    const totalBytes = own.reduce((sum, [, bytes]) => sum + bytes, 0);
    if (totalBytes !== this.#totalBytes) this.moved();
    this.#totalBytes = totalBytes;
  }
}

import { dirname, basename } from "node:path";
import type { Logger, TaskConfig } from "@driver/nomad-plugin";
import type { LogDestination } from "../config/log-route.ts";
import { readContainerOwner, type EngineOwner } from "../host/engine-owner.ts";
import { EngineFolder } from "../host/engine-storage.ts";
import type { Heartbeat } from "../host/heartbeat.ts";
import type { HostRoots, ProcessIdentity } from "../host/proc-files.ts";
import { ConmonLogControl } from "./conmon-log-control.ts";
import { DropNotice } from "./drop-notice.ts";
import { LogPosition } from "./log-position.ts";
import { LogPump } from "./log-pump.ts";
import { defaultRotateBytes, LogSpool } from "./log-spool.ts";
import type { LogTroubles } from "./log-troubles.ts";
import { openLogSinks, type LogSinks } from "./open-log-sinks.ts";
import type { SliceBuffers } from "./slice-buffers.ts";
import type { LogCarrier, LogRun } from "./task-logs.ts";

export interface FileLogsOptions {
  readonly task: Pick<TaskConfig, "name" | "allocDir" | "stdoutPath" | "stderrPath">;
  readonly containerId: string;
  readonly to: LogDestination;
  /** Where the log is; settles when that is known. */
  readonly findPlace: (signal: AbortSignal) => Promise<LogPlace>;
  readonly socketPath: string;
  /** The container's conmon, where it is known. */
  readonly conmon: ProcessIdentity | undefined;
  readonly roots: HostRoots;
  /** The most of the container's log that may stay on the disk, in bytes. Default 256 MiB. */
  readonly limitBytes: number | undefined;
  /** True for a task that this plugin has just started. */
  readonly isFresh: boolean;
  readonly heartbeat: Heartbeat;
  readonly buffers: SliceBuffers;
  readonly logger: Logger;
  readonly troubles: LogTroubles;
  /** Tells the task's owner that output was dropped: it had grown over its limit. At most once a minute. */
  onDropped(lostBytes: number): void;
}

export interface LogPlace {
  /** The file Podman names as the container's log. */
  readonly logPath: string;
  /** The folder of the container's own files. */
  readonly staticDir: string;
}

/** Names what this is about in `LogTroubles`. */
const limitPart = "limit";

/** What was opened of the engine's. */
interface EngineLog {
  readonly folder: EngineFolder;
  /** Of the file that conmon writes. */
  readonly name: string;
  readonly spool: LogSpool;
}

/**
 * Carries a container's output from conmon's files. Their limit on the disk is kept from the first start on, whether or not
 * anything can be carried.
 */
export class FileLogs implements LogCarrier {
  readonly #options: FileLogsOptions;
  readonly #position: LogPosition;
  readonly #drops: DropNotice;
  #isFirstStart = true;
  #engine: EngineLog | undefined;
  #sinks: LogSinks | undefined;
  #pump: LogPump | undefined;
  #formerBytes = 0;
  #stopBeat: () => void = () => undefined;

  /** Touches nothing. */
  constructor(options: FileLogsOptions) {
    this.#options = options;
    this.#position = new LogPosition(options.task, options.containerId, options.logger);
    this.#drops = new DropNotice({ tell: (lostBytes) => options.onDropped(lostBytes) });
  }

  get progress(): number {
    return this.#formerBytes + (this.#pump?.deliveredBytes ?? 0);
  }

  async start(signal: AbortSignal): Promise<LogRun> {
    const { task, to, isFresh, logger, troubles, buffers } = this.#options;
    this.#formerBytes = this.progress;
    this.#pump = undefined;
    const { folder, name, spool } = (this.#engine ??= await this.#openEngine(signal));
    // A task that was just started has no position, and a crowd of them may be starting.
    const begins = isFresh && this.#isFirstStart;
    const progress = begins ? undefined : this.#position.load();
    this.#isFirstStart = false;
    await spool.goOnAt(progress);
    this.#sinks ??= await openLogSinks({ task, to, isFresh, resumeAt: progress?.files, logger, troubles });
    // Without it a crash before the first save would repeat what the files have by then.
    if (begins && this.#sinks.filePositions() !== undefined) this.#saveBeginning();
    const watch = (onOutput: () => void): ReturnType<typeof watchFile> => watchFile(folder, name, onOutput);
    return (this.#pump = new LogPump({ spool, sinks: this.#sinks, position: this.#position, buffers, watch }));
  }

  finish(): void {
    this.#sinks?.finish();
  }

  async close(): Promise<void> {
    this.#stopBeat();
    await this.#sinks?.close();
    await this.#engine?.spool.close();
    this.#engine?.folder.close();
    this.#position.close();
    this.#drops.finish();
  }

  /** Once open it stays so, and its limit is kept from then on. */
  async #openEngine(signal: AbortSignal): Promise<EngineLog> {
    const { roots, socketPath, conmon, findPlace, heartbeat } = this.#options;
    const place = await findPlace(signal);
    const owner = readContainerOwner(roots, socketPath, conmon);
    const folder = EngineFolder.open(dirname(place.logPath), owner);
    try {
      const spool = await this.#openSpool(folder, owner, place);
      this.#stopBeat = heartbeat.subscribe(this.#beat);
      return { folder, name: basename(place.logPath), spool };
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** With a limit of its own, half of it may be delivered already and wait for its file to be given back. */
  #openSpool(folder: EngineFolder, owner: EngineOwner, { logPath, staticDir }: LogPlace): Promise<LogSpool> {
    const { limitBytes, troubles } = this.#options;
    const isSame = staticDir === dirname(logPath);
    const control = new ConmonLogControl((use) => (isSame ? use(folder) : inFolder(staticDir, owner, use)));
    const limits =
      limitBytes === undefined ? {} : { backlogBytes: limitBytes, rotateBytes: Math.min(defaultRotateBytes, Math.ceil(limitBytes / 2)) };
    const onEmptied = (error: unknown): void => {
      troubles.raise(limitPart, "conmon begins no new log file; the present one had outgrown its limit and was emptied", error);
      this.#saveBeginning();
    };
    return LogSpool.open({ folder, name: basename(logPath), control, onEmptied, ...limits });
  }

  /** Has the pump look now and then, whatever the watch has told, and keeps the log within its limit. */
  readonly #beat = (): void => {
    const spool = this.#engine?.spool;
    if (spool === undefined) return;
    try {
      // A new file that could not be had when there was output.
      if (spool.waitsForNewFile) spool.rotateWhenDue();
      // Asked first, since mostly there is nothing: a round of the pump leaves garbage.
      if (spool.hasMore) this.#pump?.poke();
      this.#drops.add(0);
      if (spool.isOverLimit) void this.#enforceLimit(spool);
      else if (!spool.waitsForNewFile) this.#options.troubles.clear(limitPart);
    } catch (error) {
      this.#tellOfLimit(error);
    }
  };

  /** Never rejects. */
  async #enforceLimit(spool: LogSpool): Promise<void> {
    try {
      const lostBytes = await spool.enforceLimit();
      if (lostBytes > 0) this.#saveBeginning();
      this.#drops.add(lostBytes);
    } catch (error) {
      this.#tellOfLimit(error);
    }
  }

  /** After a loss: what was saved speaks of output that is not there any more. */
  #saveBeginning(): void {
    const beginning = this.#engine?.spool.beginning;
    if (beginning !== undefined) this.#position.save({ ...beginning, files: this.#sinks?.filePositions() });
  }

  #tellOfLimit(error: unknown): void {
    this.#options.troubles.raise(limitPart, "the container's log cannot be kept within its limit; trying again", error);
  }
}

function inFolder<T>(path: string, owner: EngineOwner, use: (folder: EngineFolder) => T): T {
  using folder = EngineFolder.open(path, owner);
  return use(folder);
}

/** Watches the folder, since a rotation puts another file under the name. Undefined where no watch is to be had: the heartbeat remains. */
function watchFile(folder: EngineFolder, wanted: string, onChange: () => void): ReturnType<EngineFolder["watch"]> | undefined {
  try {
    const watcher = folder.watch((name) => {
      if (name === wanted) onChange();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

import type { Logger } from "@driver/nomad-plugin";
import { messageOf } from "@driver/std";

export interface LogTroublesOptions {
  /** For messages. */
  readonly taskId: string;
  readonly logger: Pick<Logger, "debug" | "info" | "warn">;
  /** Tells the task's owner. */
  emit(message: string): void;
  /** Of `performance.now`. */
  readonly nowMs?: () => number;
}

/** Each event is an entry in the state of Nomad's servers. */
const leastEventPauseMs = 60_000;

/**
 * What is wrong with the logs of one task, part by part. The first failure of a part and each change is a warning, a
 * repetition is not. The task's owner is told of a part that fails, not more than once a minute, and when all is well again.
 */
export class LogTroubles {
  readonly #options: LogTroublesOptions;
  readonly #nowMs: () => number;
  /** What is wrong with each part, as it was told. */
  readonly #present = new Map<string, string>();
  #toldOwnerAtMs = Number.NEGATIVE_INFINITY;
  #ownerKnows = false;

  constructor(options: LogTroublesOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** `what` is a sentence without a stop, about `part`. */
  raise(part: string, what: string, error?: unknown): void {
    const { taskId, logger, emit } = this.#options;
    const why = error === undefined ? undefined : toText(error);
    const text = why === undefined ? what : `${what}: ${why}`;
    const isNew = this.#present.get(part) !== text;
    const isNewPart = !this.#present.has(part);
    this.#present.set(part, text);
    logger[isNew ? "warn" : "debug"](`logs of task ${taskId}: ${what}`, { part, ...(why !== undefined && { error: why }) });
    if (!isNewPart || this.#nowMs() - this.#toldOwnerAtMs < leastEventPauseMs) return;
    this.#toldOwnerAtMs = this.#nowMs();
    this.#ownerKnows = true;
    emit(`Logs: ${text}`);
  }

  /** All is well with `part`. */
  clear(part: string): void {
    const { taskId, logger, emit } = this.#options;
    if (!this.#present.delete(part) || this.#present.size > 0) return;
    logger.info(`logs of task ${taskId}: all is well again`, { part });
    if (this.#ownerKnows) emit("Logs: all is well again");
    this.#ownerKnows = false;
  }
}

/** Names are opened through a folder's descriptor, whose number means nothing to a reader and changes from try to try. */
function toText(error: unknown): string {
  return messageOf(error).replaceAll(/\/proc\/self\/fd\/\d+\/?/g, "");
}

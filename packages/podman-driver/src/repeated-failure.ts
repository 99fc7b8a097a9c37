import type { Logger } from "@driver/nomad-plugin";

/** Whose failure it is: a text, such as a container's id, is told with it; an object only tells one from the other. */
export type FailureSubject = string | object;

/** What all those are called who fail alone. */
const nobodyInParticular = "";

/**
 * Tells of work that is tried again and again: the first failure at warn, and each that has another cause; repetitions at
 * debug; at info that it works again. Several tasks may share one, each as a subject of its own: what fails for all of them
 * alike is told once, and the success of one does not make the failure of another new.
 */
export class RepeatedFailure {
  readonly #logger: Logger;
  readonly #message: string;
  /** The cause that each subject which fails now failed with last. */
  readonly #causes = new Map<FailureSubject, string>();
  #failures = 0;

  /** `message`: what fails, as a whole sentence of the log. */
  constructor(logger: Logger, message: string) {
    this.#logger = logger;
    this.#message = message;
  }

  /** Does work out of a timer or a watch, where what it throws would end the plugin for all tasks. Never throws. */
  attempt(work: () => void, subject: FailureSubject): void {
    try {
      work();
      this.succeeded(subject);
    } catch (error) {
      this.failed(error, subject);
    }
  }

  /** Never throws. The subject is to be left out where nobody else shares this. */
  failed(error: unknown, subject: FailureSubject = nobodyInParticular): void {
    const cause = toCause(error);
    const isNew = [...this.#causes.values()].every((known) => known !== cause);
    this.#causes.set(subject, cause);
    this.#failures += 1;
    this.#logger[isNew ? "warn" : "debug"](this.#message, {
      ...(typeof subject === "string" && subject !== nobodyInParticular && { subject }),
      error: String(error),
      ...(isNew && isMistakeOfOurs(error) && { stack: error.stack ?? "" }),
    });
  }

  /** The subject's work has succeeded, so that its next failure is new. Costs nothing when it had not failed. */
  succeeded(subject: FailureSubject = nobodyInParticular): void {
    if (!this.#causes.delete(subject) || this.#causes.size > 0) return;
    this.#logger.info(`${this.#message}: that is over`, { failures: this.#failures });
    this.#failures = 0;
  }

  /** The same for one subject alone. */
  of(subject: FailureSubject): SubjectFailure {
    return new SubjectFailure(this, subject);
  }

  /** The subject's work is not tried any more: it has failed or not, and nothing is kept of it. */
  forget(subject: FailureSubject = nobodyInParticular): void {
    this.#causes.delete(subject);
    if (this.#causes.size === 0) this.#failures = 0;
  }
}

/** What one of those who share a `RepeatedFailure` tells it. */
export class SubjectFailure {
  readonly #failure: RepeatedFailure;
  readonly #subject: FailureSubject;

  constructor(failure: RepeatedFailure, subject: FailureSubject) {
    this.#failure = failure;
    this.#subject = subject;
  }

  failed(error: unknown): void {
    this.#failure.failed(error, this.#subject);
  }

  succeeded(): void {
    this.#failure.succeeded(this.#subject);
  }
}

/** Ids do not make another cause: a service that is away fails for all its containers alike. */
function toCause(error: unknown): string {
  return String(error).replace(/\b[0-9a-f]{12,64}\b/g, "…");
}

/** An error of this program and not of its surroundings: worth its stack. */
function isMistakeOfOurs(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

/** Changes that are told at once; Nomad keeps the last ten events of a task, and those of its start and end are to be among them. */
const atOnceCount = 4;
/** How long it takes until one more may be told. */
const pauseMs = 30_000;

/**
 * Tells of each change of a task's health, unless there are many: after four it tells one in 30 s, the last there was, with how many
 * it stands for. Each 30 s without one make up for one of the four.
 */
export class HealthChanges {
  readonly #tell: (status: string, changes: number) => void;
  /** How many may still be told at once. */
  #left = atOnceCount;
  #held: { readonly status: string; readonly changes: number } | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param tell is given the health that there is now, and by how many changes it came to that: one, if each is told */
  constructor(tell: (status: string, changes: number) => void) {
    this.#tell = tell;
  }

  note(status: string): void {
    this.#held = { status, changes: (this.#held?.changes ?? 0) + 1 };
    if (this.#left === 0) return;
    this.#left -= 1;
    this.#timer ??= setInterval(() => this.#onPause(), pauseMs).unref();
    this.#tellHeld();
  }

  /** Tells what is held back, and has no timer any more. */
  end(): void {
    this.close();
    this.#tellHeld();
  }

  /** What is held back is told no more. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #onPause(): void {
    if (this.#held !== undefined) return this.#tellHeld();
    this.#left += 1;
    if (this.#left === atOnceCount) this.close();
  }

  #tellHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#tell(held.status, held.changes);
  }
}

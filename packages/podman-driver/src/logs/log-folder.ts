import type { GuardedDirectory } from "@driver/nomad-plugin";

/** A folder that a task can write to, and remove or replace. Its owner closes it. */
export class LogFolder {
  readonly #open: () => GuardedDirectory;
  #directory: GuardedDirectory;

  /** Throws when it cannot be opened. */
  constructor(open: () => GuardedDirectory) {
    this.#open = open;
    this.#directory = open();
  }

  /** Closed when a renewal puts another in its place. */
  get directory(): GuardedDirectory {
    return this.#directory;
  }

  /** Opens what is in its place now, if that is another folder. Throws when nothing that may be opened is there; the present one stays. */
  renew(): void {
    const found = this.#open();
    const former = this.#directory;
    const isSame = found.isSame(former);
    if (!isSame) this.#directory = found;
    (isSame ? found : former).close();
  }

  close(): void {
    this.#directory.close();
  }
}

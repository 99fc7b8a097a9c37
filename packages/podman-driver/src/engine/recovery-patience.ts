/** Longest wait for Podman's word about a task that is taken over. */
const patientMs = 10_000;
/** The same while Podman has not answered the last one who asked. */
const impatientMs = 250;

/**
 * How long recoveries wait for one engine. An agent recovers its tasks one after the other before it does anything else: a Podman
 * that says nothing holds it up once, and not once for each of two hundred tasks.
 */
export class RecoveryPatience {
  #isSilent = false;

  /** For the next look at a container, in ms. */
  get lookMs(): number {
    return this.#isSilent ? impatientMs : patientMs;
  }

  /** What came of a look: whether the engine said anything, be it an error, within its time. */
  note({ answered }: { readonly answered: boolean }): void {
    this.#isSilent = !answered;
  }
}

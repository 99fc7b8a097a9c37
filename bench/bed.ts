import type { Engine } from "@driver/testing";
import type { Figure } from "./figure.ts";
import type { PlainPodman } from "./plain-podman.ts";

/** conmon, Podman and the plugin tidy up after a burst of calls, up to ten seconds later: the last of it is the heap's trim. */
export const settledMs = 13_000;
/** Time without a call after which a plugin stays as it is, however long it has none: it gives up code after a minute. */
export const restedMs = 65_000;

/** What every part measures on. */
export interface Bed {
  readonly engine: Engine;
  readonly podman: PlainPodman;
  /** The built plugin. */
  readonly plugin: string;
  /** An existing folder for sockets and files. */
  readonly scratch: string;
  /** More data and more tasks, for those who have the time. */
  readonly full: boolean;
}

export interface Part {
  readonly name: string;
  /** One line for the list of parts. */
  readonly summary: string;
  run(bed: Bed): Promise<readonly Figure[]>;
}

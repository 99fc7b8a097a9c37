import { basename, dirname, relative, resolve } from "node:path";

/** Where a FIFO of Nomad's is: `base` is trusted, and the folders `names` below it are not. */
export interface FifoPlace {
  readonly base: string;
  readonly names: readonly string[];
  readonly fileName: string;
}

/**
 * The place of a task's `stdout_path` or `stderr_path`. What is below the allocation's folder a task may have had its hands on;
 * any other path is Nomad's own.
 */
export function toFifoPlace(allocDir: string, path: string): FifoPlace {
  const folder = dirname(resolve(path));
  const below = relative(resolve(allocDir), folder);
  const isBelow = below !== ".." && !below.startsWith("../");
  return { base: isBelow ? allocDir : folder, names: isBelow && below !== "" ? below.split("/") : [], fileName: basename(path) };
}

import { writeFileSync } from "node:fs";

/**
 * Keeps the memory of this process, and with it the registries' passwords, out of a core file that the kernel may write of it. What it
 * starts inherits that. Does nothing where the kernel writes no such files (core(5), coredump_filter).
 */
export function keepMemoryOutOfCoreFile(): void {
  try {
    writeFileSync("/proc/self/coredump_filter", "0");
  } catch {
    // A kernel without core files, or a /proc that hides it: nothing is lost but this.
  }
}

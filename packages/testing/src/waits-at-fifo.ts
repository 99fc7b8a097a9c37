import { readFileSync } from "node:fs";

/**
 * Whether process `pid` waits in the opening of a FIFO for one who opens its other end. False where the kernel does not tell, and for a
 * process that is not there.
 */
export function waitsAtFifo(pid: number | undefined): boolean {
  // A kernel in user mode names another place in wchan; the stack is told to root alone.
  return ["wchan", "stack"].some((name) => {
    try {
      return /wait_for_partner|fifo_open/.test(readFileSync(`/proc/${pid}/${name}`, "utf8"));
    } catch {
      return false;
    }
  });
}

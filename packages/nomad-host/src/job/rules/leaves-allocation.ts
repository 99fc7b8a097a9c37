import { posix } from "node:path";

/** A path below the task's folder may go up to its neighbours, not further. */
export function leavesAllocation(destination: string): boolean {
  const path = posix.join("/alloc-dir/task", posix.join("/", destination).startsWith("/..") ? destination : `./${destination}`);
  return path !== "/alloc-dir" && !path.startsWith("/alloc-dir/");
}

import { ExitDirectories } from "./host/exit-directory.ts";
import { Heartbeat } from "./host/heartbeat.ts";
import { SliceBuffers } from "./logs/slice-buffers.ts";
import { hostRoots, readBootId, type HostRoots } from "./host/proc-files.ts";

/** What all tasks of this plugin share on the host. One owner, which closes it. */
export class DriverServices {
  readonly roots: HostRoots;
  readonly bootId: string;
  readonly heartbeat = new Heartbeat();
  readonly exitDirectories = new ExitDirectories(this.heartbeat);
  readonly logBuffers = new SliceBuffers();

  constructor(roots: HostRoots = hostRoots) {
    this.roots = roots;
    this.bootId = readBootId(roots);
  }

  close(): void {
    this.exitDirectories.close();
    this.heartbeat.close();
  }
}

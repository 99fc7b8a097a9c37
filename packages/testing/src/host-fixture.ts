import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface FixtureProcess {
  readonly pid: number;
  /** Field 2 of stat, without its parentheses. Default `sh`. */
  readonly command?: string;
  /** Default `S`. */
  readonly state?: string;
  readonly sessionId?: number;
  /** Default 1. */
  readonly parentPid?: number;
  /** Default `1000`. */
  readonly startTicks?: string;
  /** Lines of /proc/<pid>/cgroup. */
  readonly cgroups?: readonly string[];
  readonly args?: readonly string[];
  /** Whose process it is. Default: that of the test's user. */
  readonly userId?: number;
  /** Field 52 of stat, what the kernel tells the parent of one that has ended. Default 0. */
  readonly exitStatus?: number;
}

const ownUserId = process.getuid?.() ?? 0;

/** Folders that look like /proc, /sys/fs/cgroup and /etc to whoever is told to read there. */
export class HostFixture implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "host-"));
  readonly procDir = join(this.root, "proc");
  readonly cgroupDir = join(this.root, "cgroup");
  readonly devDir = join(this.root, "dev");
  readonly etcDir = join(this.root, "etc");
  /** Stands for an engine's socket, of the test's user. */
  readonly socketPath = join(this.root, "podman.sock");

  constructor() {
    this.write("podman.sock", "");
    this.write("proc/sys/kernel/random/boot_id", "3d1e0c4a-0000-4000-8000-000000000001\n");
    mkdirSync(this.cgroupDir);
  }

  addProcess(shown: FixtureProcess): void {
    const { pid, command = "sh", state = "S", sessionId = pid, parentPid = 1, startTicks = "1000" } = shown;
    const { cgroups = [], args = [command], userId = ownUserId, exitStatus = 0 } = shown;
    const zeros = (length: number): string => Array.from({ length }, () => "0").join(" ");
    this.write(
      `proc/${pid}/stat`,
      `${pid} (${command}) ${state} ${parentPid} ${pid} ${sessionId} ${zeros(15)} ${startTicks} ${zeros(29)} ${exitStatus}\n`,
    );
    this.write(`proc/${pid}/cgroup`, cgroups.map((line) => `${line}\n`).join(""));
    this.write(`proc/${pid}/cmdline`, args.map((arg) => `${arg}\0`).join(""));
    this.write(`proc/${pid}/status`, `Name:\t${command}\nUid:\t${[userId, userId, userId, userId].join("\t")}\n`);
    if (userId !== ownUserId) chownSync(join(this.procDir, String(pid)), userId, userId);
  }

  removeProcess(pid: number): void {
    rmSync(join(this.procDir, String(pid)), { recursive: true, force: true });
  }

  /** From now on it is that user's engine. */
  giveSocketTo(userId: number): void {
    chownSync(this.socketPath, userId, userId);
  }

  /** Makes or replaces a file below the root, such as `cgroup/memory/x/memory.stat`. */
  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Takes a file or a folder below the root away. */
  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

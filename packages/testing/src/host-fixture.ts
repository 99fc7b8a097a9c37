import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
}

/** Folders that look like /proc and /sys/fs/cgroup to whoever is told to read there. */
export class HostFixture implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "host-"));
  readonly procDir = join(this.root, "proc");
  readonly cgroupDir = join(this.root, "cgroup");
  readonly devDir = join(this.root, "dev");

  constructor() {
    this.write("proc/sys/kernel/random/boot_id", "3d1e0c4a-0000-4000-8000-000000000001\n");
    mkdirSync(this.cgroupDir);
  }

  addProcess(process: FixtureProcess): void {
    const { pid, command = "sh", state = "S", sessionId = pid, parentPid = 1, startTicks = "1000", cgroups = [], args = [command] } = process;
    const between = Array.from({ length: 15 }, () => "0");
    this.write(`proc/${pid}/stat`, `${pid} (${command}) ${state} ${parentPid} ${pid} ${sessionId} ${between.join(" ")} ${startTicks} 0 0\n`);
    this.write(`proc/${pid}/cgroup`, cgroups.map((line) => `${line}\n`).join(""));
    this.write(`proc/${pid}/cmdline`, args.map((arg) => `${arg}\0`).join(""));
  }

  removeProcess(pid: number): void {
    rmSync(join(this.procDir, String(pid)), { recursive: true, force: true });
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

import type { Logger } from "@driver/nomad-plugin";
import { AllocationPaths } from "./host/allocation-paths.ts";
import { ExitDirectories } from "./host/exit-directory.ts";
import { Heartbeat } from "./host/heartbeat.ts";
import { KernelLog } from "./host/kernel-log.ts";
import { SharedHelpers } from "./image/auth/shared-helpers.ts";
import { JoinWaits } from "./join-waits.ts";
import { SliceBuffers } from "./logs/slice-buffers.ts";
import { hasSystemd, hostRoots, identifyProcess, readBootId, type HostRoots } from "./host/proc-files.ts";
import { toProcessMark } from "./host/process-mark.ts";
import { SharedCpus } from "./host/shared-cpus.ts";
import { RepeatedFailure } from "./repeated-failure.ts";
import { RepeatedRefusals } from "./repeated-refusals.ts";

/** What all tasks of this plugin share on the host. One owner, which closes it. */
export class DriverServices {
  readonly roots: HostRoots;
  readonly bootId: string;
  /** Of this plugin's process; empty where the host does not show it. */
  readonly processMark: string;
  /** Whether systemd runs this host, and with it what Podman leaves to timers. */
  readonly hasSystemd: boolean;
  readonly heartbeat: Heartbeat;
  readonly exitDirectories: ExitDirectories;
  readonly kernelLog: KernelLog;
  readonly sharedCpus: SharedCpus;
  readonly logBuffers = new SliceBuffers();
  readonly joinWaits = new JoinWaits();
  /** Looks at containers that Podman does not answer, each a subject; told of once for all. */
  readonly looks: RepeatedFailure;
  /** The same for waits. */
  readonly waits: RepeatedFailure;
  /** The same for health checks that this plugin runs. */
  readonly checks: RepeatedFailure;
  /** Entries of the operator's auth files that cannot be used, by the file; told of once for all pulls. */
  readonly authEntries: RepeatedRefusals<string>;
  readonly credentialHelpers = new SharedHelpers();
  readonly allocationPaths = new AllocationPaths();

  constructor(logger: Logger, roots: HostRoots = hostRoots) {
    const failure = (message: string): RepeatedFailure => new RepeatedFailure(logger, message);
    this.heartbeat = new Heartbeat(failure("a regular look at a task failed; the next one is in two seconds"));
    this.exitDirectories = new ExitDirectories(this.heartbeat, failure("the hint that a container has ended could not be passed on"));
    this.roots = roots;
    this.kernelLog = new KernelLog(roots);
    this.sharedCpus = new SharedCpus(this.heartbeat);
    this.looks = new RepeatedFailure(logger, "a task's container cannot be looked at; trying again");
    this.waits = new RepeatedFailure(logger, "Podman's wait for a task's end broke off; trying again");
    this.checks = new RepeatedFailure(logger, "a task's health check cannot be run; it is tried again each time");
    const unusable = "an entry of auth.config cannot be used; pulls from its registry fail until it is right";
    this.authEntries = new RepeatedRefusals(logger, unusable);
    this.bootId = readBootId(roots);
    const self = identifyProcess(roots, process.pid);
    this.processMark = self === undefined ? "" : toProcessMark(self, this.bootId);
    this.hasSystemd = hasSystemd(roots);
  }

  close(): void {
    this.exitDirectories.close();
    this.sharedCpus.close();
    this.heartbeat.close();
    this.kernelLog.close();
  }
}

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig } from "./driver-rig.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { testSetting } from "./test-setting.ts";

export interface FaultyRigOptions {
  readonly pluginConfig?: Readonly<Record<string, HclValue>>;
  /**
   * What the plugin does not see, so that it has to ask Podman: of what conmon writes down when a container ends the `records`,
   * though it sees where they should be, or even that `folder`; of the kernel's accounting all `cgroups`, or the
   * `memory-controller` of cgroup v1. Default: it sees all.
   */
  readonly hides?: keyof typeof hiddenFolders;
}

const hiddenFolders = {
  records: () => exitFolder(),
  folder: () => dirname(exitFolder()),
  cgroups: () => "/sys/fs/cgroup",
  "memory-controller": () => "/sys/fs/cgroup/memory",
} as const;

/** The built plugin with a fault proxy between it and the engine of this test run. */
export class FaultyRig implements AsyncDisposable {
  readonly rig: DriverRig;
  readonly proxy: FaultProxy;

  private constructor(rig: DriverRig, proxy: FaultProxy) {
    this.rig = rig;
    this.proxy = proxy;
  }

  static async start(options: FaultyRigOptions = {}): Promise<FaultyRig> {
    const upstreamPath = testSetting("TEST_PODMAN_SOCKET");
    const proxy = await FaultProxy.start({ socketPath: `${upstreamPath}.${randomBytes(4).toString("hex")}`, upstreamPath });
    try {
      const pluginConfig = { socket_path: `unix://${proxy.socketPath}`, ...options.pluginConfig };
      const rig = await DriverRig.start({
        pluginConfig,
        ...(options.hides !== undefined && { command: await writeBlindLauncher(options.hides) }),
      });
      return new FaultyRig(rig, proxy);
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rig[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** Where the engine of this test run has conmon write its records. */
export function exitFolder(): string {
  return join(dirname(testSetting("TEST_PODMAN_SOCKET")), "tmp/exits");
}

/** A program that starts the plugin where a folder is covered by an empty one. */
async function writeBlindLauncher(hides: keyof typeof hiddenFolders): Promise<string> {
  const path = join(testSetting("TEST_SCRATCH"), `blind-${randomBytes(4).toString("hex")}`);
  const covered = hiddenFolders[hides]();
  await writeFile(
    path,
    `#!/bin/sh\nexec unshare --mount -- sh -c 'mount -t tmpfs none "$0" && exec "$@"' '${covered}' '${testSetting("TEST_PLUGIN")}' "$@"\n`,
    { mode: 0o755 },
  );
  return path;
}

import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig } from "./driver-rig.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { testSetting } from "./test-setting.ts";

export interface FaultyRigOptions {
  readonly pluginConfig?: Readonly<Record<string, HclValue>>;
  /** The plugin sees nothing of what conmon writes down when a container ends, so that it has to ask Podman. Default false. */
  readonly hidesExitRecords?: boolean;
}

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
      const rig = await DriverRig.start({ pluginConfig, ...(options.hidesExitRecords === true && { command: await writeBlindLauncher(upstreamPath) }) });
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

/** A program that starts the plugin where conmon's exit folder is covered by an empty one. */
async function writeBlindLauncher(socketPath: string): Promise<string> {
  const path = join(testSetting("TEST_SCRATCH"), `blind-${randomBytes(4).toString("hex")}`);
  const exits = join(dirname(socketPath), "tmp/exits");
  await writeFile(path, `#!/bin/sh\nexec unshare --mount -- sh -c 'mount -t tmpfs none "$0" && exec "$@"' '${exits}' '${testSetting("TEST_PLUGIN")}' "$@"\n`, { mode: 0o755 });
  return path;
}

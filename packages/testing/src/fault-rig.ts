import { randomBytes } from "node:crypto";
import type { HclValue } from "@driver/nomad-plugin";
import { DriverRig } from "./driver-rig.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { testSetting } from "./test-setting.ts";

export interface FaultyRigOptions {
  readonly pluginConfig?: Readonly<Record<string, HclValue>>;
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
      const rig = await DriverRig.start({ pluginConfig: { socket_path: `unix://${proxy.socketPath}`, ...options.pluginConfig } });
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

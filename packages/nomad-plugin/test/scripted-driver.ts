import { BaseDriver } from "../src/index.ts";
import type { PluginInfo, Spec, StartedTask, TaskConfig, TaskDriver, WaitResult } from "../src/index.ts";

class IdleDriver extends BaseDriver {
  async pluginInfo(): Promise<PluginInfo> {
    return { type: "driver", name: "scripted", version: "1.2.3", apiVersions: ["v0.1.0"] };
  }
  async taskConfigSchema(): Promise<Spec> {
    return { kind: "object", attributes: {} };
  }
  async startTask(config: TaskConfig): Promise<StartedTask> {
    return { handle: { version: 1, config, state: "unknown", driverState: new Uint8Array() } };
  }
  async recoverTask(): Promise<void> {}
  async waitTask(): Promise<WaitResult> {
    return { exitCode: 0, signal: 0, oomKilled: false };
  }
  async stopTask(): Promise<void> {}
  async destroyTask(): Promise<void> {}
}

/** A driver that does what the test says, and nothing in all other calls. */
export function scriptedDriver(script: Partial<TaskDriver>): TaskDriver {
  return Object.assign(new IdleDriver(), script);
}

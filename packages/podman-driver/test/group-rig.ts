import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { PodInspect } from "@driver/libpod";
import type { NetworkIsolationSpec, NetworkWish } from "@driver/nomad-plugin";
import type { DriverRig } from "@driver/testing";
import { withPodman } from "./with-podman.ts";

const soon = (): AbortSignal => AbortSignal.timeout(120_000);

/** An allocation's network as Nomad asks the driver for it; its pod is gone when this is disposed, whatever the driver has done. */
export class RiggedGroup implements AsyncDisposable {
  readonly allocId = randomUUID();
  readonly #rig: DriverRig;
  readonly #socketPath: string | undefined;
  #spec: NetworkIsolationSpec | undefined;

  /** Nothing is made yet. `socketPath`: of the engine that makes it; default: that of this test run. */
  constructor(rig: DriverRig, socketPath?: string) {
    this.#rig = rig;
    this.#socketPath = socketPath;
  }

  static async create(rig: DriverRig, hostname = ""): Promise<RiggedGroup> {
    const group = new RiggedGroup(rig);
    await group.createNetwork(hostname);
    return group;
  }

  /** What the driver has answered last. */
  get spec(): NetworkIsolationSpec {
    return this.#spec ?? assert.fail("the group has no network");
  }

  /** What Nomad hands to a task once its CNI plugins have given the group an address; undefined: network mode none. */
  toIsolation(address?: string): NetworkIsolationSpec {
    return { ...this.spec, hosts: { hostname: this.spec.labels["docker_sandbox_hostname"] ?? "", address: address ?? "" } };
  }

  /** Whether it was created anew. */
  async createNetwork(hostname = "", connection?: NetworkWish["connection"]): Promise<boolean> {
    const { spec, created } = await this.#rig.driver.createNetwork(this.allocId, { hostname, connection }, soon());
    this.#spec = spec;
    return created;
  }

  async destroyNetwork(): Promise<void> {
    await this.#rig.driver.destroyNetwork(this.allocId, this.#spec, soon());
  }

  /** The pod as Podman has it. */
  async pod(): Promise<PodInspect | undefined> {
    return withPodman((podman) => podman.pods.inspect(`nomad-${this.allocId}-group`, soon()), this.#socketPath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await withPodman((podman) => podman.pods.remove(`nomad-${this.allocId}-group`, soon()), this.#socketPath);
  }
}

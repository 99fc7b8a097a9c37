import assert from "node:assert/strict";
import { requestEngine } from "./engine-request.ts";
import { testSetting } from "./test-setting.ts";

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** A network of the test run's engine, which resolves names; removed with all that is on it. */
export class RiggedNetwork implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** @param prefix the first three bytes of its IPv4 addresses; its IPv6 ones begin with `fd00:` and the third byte */
  static async create(name: string, prefix: string): Promise<RiggedNetwork> {
    const [, , third = "0"] = prefix.split(".");
    const subnets = [{ subnet: `${prefix}.0/24`, gateway: `${prefix}.1` }, { subnet: `fd00:${third}::/64`, gateway: `fd00:${third}::1` }];
    const body = new TextEncoder().encode(JSON.stringify({ name, driver: "bridge", dns_enabled: true, ipv6_enabled: true, subnets }));
    const { status, text } = await requestEngine(testSetting("TEST_PODMAN_SOCKET"), {
      method: "POST",
      path: "/networks/create",
      body,
      signal: soon(),
    });
    assert.equal(status, 200, text);
    return new RiggedNetwork(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await requestEngine(testSetting("TEST_PODMAN_SOCKET"), { method: "DELETE", path: `/networks/${this.name}?force=true`, signal: soon() });
  }
}

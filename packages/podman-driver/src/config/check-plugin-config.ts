import { toFindings, type ConfigFindings } from "./config-findings.ts";
import { remarkOnPlugin } from "./driver-config.ts";

/** The agent may run on another machine: each `host_user` has an id there. */
const anyUsers = { uid: 0, findUser: (): number => 1 };

/** What SetConfig would refuse of an agent's plugin block (`msgpack`: as Nomad encodes it), whatever Podman and the host are. */
export function checkPluginConfig(msgpack: Uint8Array): ConfigFindings {
  const { mistakes, notices } = remarkOnPlugin({ msgpack, apiVersion: "" }, anyUsers);
  return toFindings(mistakes, notices);
}

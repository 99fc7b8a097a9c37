import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { readIfThere } from "./proc-files.ts";

/** The names that this host knows, its own among them. */
export interface HostNames {
  /** The host's own hosts file, with which Podman begins every container's. */
  readonly hostsFile: string;
  /** The host's address, which Podman gives the name host.containers.internal; undefined: it has none but loopback. */
  readonly address: string | undefined;
}

/** Reads what there is now; without a hosts file its text is empty. */
export function readHostNames(etcDir: string): HostNames {
  return { hostsFile: readIfThere(join(etcDir, "hosts")) ?? "", address: toHostAddress(networkInterfaces()) };
}

/** The host's first address that is not loopback, and an IPv6 one only where there is no other, as Podman takes it (podman 4.3 to 6.1). */
export function toHostAddress(interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  const addresses = Object.values(interfaces).flatMap((all) => all ?? []).filter(({ internal }) => !internal);
  const [first] = addresses.filter(({ family }) => family === "IPv4");
  // Nobody reaches an address of a link without its name.
  const [firstOfIpv6] = addresses.filter(({ family, scopeid = 0 }) => family === "IPv6" && scopeid === 0);
  return (first ?? firstOfIpv6)?.address;
}

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

/** `address` is the host's first that is not loopback, as Podman takes it (podman 4.3 to 6.1). */
export function readHostNames(etcDir: string): HostNames {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const first = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return { hostsFile: readIfThere(join(etcDir, "hosts")) ?? "", address: first?.address };
}

import { isIP } from "node:net";
import type { Report } from "./report.ts";

/** Refuses what Podman takes for no name server: it wants an address, and without the zone of a link (podman 4.3 to 6.1). */
export function checkNameServer(server: string, site: { readonly key: string; readonly subject?: string }, report: Report): void {
  if (isIP(server) !== 0 && !server.includes("%")) return;
  report.refuse({ ...site, value: server, problem: "is not an IP address", remedy: "name servers are given by address" });
}

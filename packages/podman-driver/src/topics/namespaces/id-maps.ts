import type { IdMap } from "@driver/libpod";
import type { Report } from "../../config/report.ts";

/** Ids are 32 bits, and the last one means nobody (linux). */
const idCount = 2 ** 32 - 1;

/** Text as `container:host:size`; undefined where it was refused. */
export function toIdMap(key: string, text: string, report: Report): IdMap | undefined {
  const [containerId = -1, hostId = -1, size = 0, ...more] = text.split(":").map((part) => (/^\d{1,10}$/.test(part) ? Number(part) : -1));
  const isRange =
    containerId >= 0 && hostId >= 0 && size > 0 && more.length === 0 && containerId + size <= idCount && hostId + size <= idCount;
  if (isRange) return { container_id: containerId, host_id: hostId, size };
  report.refuse({
    key,
    value: text,
    problem: "is no map of ids",
    remedy: "write first id in the container, first id on the host and their number, such as 0:100000:65536",
  });
  return undefined;
}

/** As inspect writes it. */
export function showIdMap({ container_id: containerId, host_id: hostId, size }: IdMap): string {
  return `${containerId}:${hostId}:${size}`;
}

import type { IdMap } from "@driver/libpod";
import type { Report } from "../../config/report.ts";

/** Ids are 32 bits, and the last one means nobody (linux). */
const idCount = 2 ** 32 - 1;

/** What Podman takes: no id twice, neither of the container nor of the host (podman 4.3). Those that are refused are left out. */
export function toIdMaps(key: string, texts: readonly string[], report: Report): readonly IdMap[] {
  const maps = texts.flatMap((text) => toIdMap(key, text, report) ?? []);
  for (const [index, map] of maps.entries()) {
    for (const [side, whose] of [["container_id", "container"], ["host_id", "host"]] as const) {
      const other = maps.slice(0, index).find((one) => map[side] < one[side] + one.size && one[side] < map[side] + map.size);
      if (other === undefined) continue;
      const problem = `has ids of the ${whose} that "${showIdMap(other)}" has already`;
      report.refuse({ key, value: showIdMap(map), problem, remedy: "name each id once" });
    }
  }
  return maps;
}

/** Text as `container:host:size`; undefined where it was refused. */
function toIdMap(key: string, text: string, report: Report): IdMap | undefined {
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

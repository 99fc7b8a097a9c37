import type { Given } from "../topic.ts";
import { toBind, toTmpfs, toVolume, type MountSite, type VolumeMake, type WantedMount } from "./wanted-mount.ts";

/**
 * One of `volumes`: `source:destination[:options]`, or a destination alone for an anonymous volume. A relative source is a path in
 * the task's folder, as with the Go driver; with `volume_driver` one without a slash is a volume's name, as with Nomad's Docker
 * driver.
 */
export function parseVolume(text: string, site: MountSite, volumeDriver: string, given: Given): readonly WantedMount[] {
  const [source = "", destination, optionText = "", ...more] = text.split(":");
  const options = splitOptions(optionText);
  const make: VolumeMake | undefined = volumeDriver === "" ? undefined : { driver: volumeDriver, labels: {}, options: {} };
  if (more.length > 0 || source === "" || destination === "") {
    const remedy = "source:destination[:options] would be right, e.g. local/data:/data:ro";
    given.report.refuse({ ...site, problem: "is no volume", remedy });
    return [];
  }
  if (destination === undefined) return [toVolume(site, { name: "", destination: source, options: [], make: undefined }, given)];
  if (make !== undefined && !/[/]|^\.{1,2}$/.test(source)) return [toVolume(site, { name: source, destination, options, make }, given)];
  return [toBind(site, { source, destination, options }, given)];
}

/** One of `tmpfs`: `destination[:options]`. */
export function parseTmpfs(text: string, site: MountSite, given: Given): WantedMount {
  const colon = text.indexOf(":");
  const [destination, optionText] = colon === -1 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  return toTmpfs(site, { destination, options: splitOptions(optionText) }, given);
}

/** Docker's words for how files are kept alike, which mean nothing on Linux; Podman has them behind a key, and does nothing either. */
const consistencies = ["cached", "consistent", "delegated"];

/** Empty words are none: generators leave a comma or a colon behind. */
function splitOptions(text: string): readonly string[] {
  const options = text.split(",").filter((option) => option !== "");
  return options.map((option) => (consistencies.includes(option) ? `consistency=${option}` : option));
}

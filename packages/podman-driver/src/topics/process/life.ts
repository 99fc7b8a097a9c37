import { toSignalNumber } from "@driver/nomad-plugin";
import type { Report } from "../../config/report.ts";

/** Words for what is wrong: Podman knows a name or a number of a signal in the image only, and takes a number here. */
export function toStopSignal(text: string | undefined, report: Report): number | undefined {
  const number = text === undefined ? undefined : toSignalNumber(text);
  if (text !== undefined && number === undefined) {
    report.refuse({
      key: "stop_signal",
      value: text,
      problem: "is no signal",
      remedy: "write a name such as SIGINT, INT or SIGRTMIN+3, or a number from 1 to 64",
    });
  }
  return number;
}

/** Podman would look for a relative one from where its service was started. */
export function toInitPath(path: string | undefined, report: Report): string | undefined {
  if (path !== undefined && !path.startsWith("/")) {
    report.refuse({ key: "init_path", value: path, problem: "is no absolute path", remedy: "write that of a program of the host" });
  }
  return path;
}

/** Beyond it Podman's own clock turns over. */
const longestStopSeconds = 2 ** 31 - 1;

/** Whole seconds; 0 is a value: `podman stop` kills at once. */
export function toStopTimeout(seconds: number | undefined, report: Report): number | undefined {
  if (seconds === undefined || (seconds >= 0 && seconds <= longestStopSeconds)) return seconds;
  const remedy = `write whole seconds, 0 to ${longestStopSeconds}`;
  report.refuse({ key: "stop_timeout", value: seconds, problem: "is no time", remedy });
  return undefined;
}

/** A name that the kernel takes (sethostname(2)); Podman finds out at the start only, and writes what it is given into /etc/hosts. */
export function toHostname(text: string | undefined, report: Report): string | undefined {
  if (text !== undefined && /[\s#\0]/.test(text)) {
    report.refuse({ key: "hostname", value: text, problem: "is no host name", remedy: "write letters, digits, hyphens and dots" });
  }
  if (text !== undefined && Buffer.byteLength(text) > 64) {
    report.refuse({ key: "hostname", value: text, problem: "is too long", remedy: "Linux takes 64 bytes at most" });
  }
  return text;
}

/**
 * The name of a time zone. Podman copies the file of that name below the host's /usr/share/zoneinfo into the container, and
 * follows `..` out of it (podman 4.3).
 */
export function toTimezone(text: string | undefined, report: Report): string | undefined {
  if (text === undefined || /^[A-Za-z0-9+_-]+(?:\/[A-Za-z0-9+_-]+)*$/.test(text)) return text;
  report.refuse({
    key: "timezone",
    value: text,
    problem: "is no name of a time zone",
    remedy: "write one such as Europe/Paris or UTC, or local for the host's",
  });
  return undefined;
}

/** File mode bits that new files do not get, in octal digits. */
export function toUmask(text: string | undefined, report: Report): string | undefined {
  if (text === undefined || /^0*[0-7]{1,3}$/.test(text)) return text;
  report.refuse({ key: "umask", value: text, problem: "is no umask", remedy: "write octal digits, e.g. 0027" });
  return undefined;
}

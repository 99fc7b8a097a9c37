import type { ContainerInspect, RlimitSpec } from "@driver/libpod";
import type { Report } from "../../config/report.ts";
import type { Explanation, Shortfall } from "../topic.ts";

/** What Linux knows (getrlimit(2)); Podman finds out about another name when the container is started only. */
const names = [
  "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue",
  "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
];

const unlimited = 2n ** 64n - 1n;
const form = "write soft or soft:hard, each a whole number, -1 or unlimited, e.g. 1024:4096";

/** Limits of the task's processes, each as `soft[:hard]`; the hard one is the soft one where it is not set. */
export function toUlimits(limits: Readonly<Record<string, string>>, report: Report): readonly RlimitSpec[] {
  const given = Object.keys(limits);
  return Object.entries(limits).flatMap(([name, text], index) => {
    const key = `ulimit.${name}`;
    const type = name.toLowerCase();
    const twin = given.slice(0, index).find((one) => one.toLowerCase() === type);
    if (twin !== undefined) {
      const problem = `is a second name for ulimit.${twin}, which is set too`;
      report.refuse({ key, value: text, problem, remedy: "remove one of the two" });
    }
    if (!names.includes(type)) {
      report.refuse({ key, problem: "is no limit that Linux has", remedy: `it has ${names.join(", ")}` });
      return [];
    }
    const [soft, hard, ...more] = text.split(":").map(toNumber);
    if (soft === undefined || more.length > 0 || (hard === undefined && text.includes(":"))) {
      report.refuse({ key, value: text, problem: "is no limit", remedy: form });
      return [];
    }
    const highest = hard ?? soft;
    if (soft > highest) report.refuse({ key, value: text, problem: "has a soft limit above the hard one", remedy: form });
    return [{ type, soft: toJsonNumber(soft), hard: toJsonNumber(highest) }];
  });
}

/** Which key an error of Podman's is about; undefined: it is about something else. */
export function explainUlimitFailure(podmanText: string, limits: readonly RlimitSpec[]): Explanation | undefined {
  if (!/rlimit/i.test(podmanText)) return undefined;
  if (limits.length === 0) {
    const cure = "name nofile and nproc in the task's ulimit, or default_ulimits in the host's containers.conf";
    return { text: `Podman asks for more open files and processes than this host gives without CAP_SYS_RESOURCE; ${cure}` };
  }
  const missing = ["nofile", "nproc"].filter((name) => !limits.some(({ type }) => type === name));
  const added = missing.length === 0 ? "" : `, and Podman 4.3 adds 1048576 of ${missing.join(" and ")} where it is not named`;
  return { text: `the task's config has ulimit; without CAP_SYS_RESOURCE the host sets none above its own${added}` };
}

/** Where Podman, as an ordinary user's does, makes a limit no higher than its own without a word (podman 5.4: of files and processes). */
export function verifyUlimits(limits: readonly RlimitSpec[], { host: { ulimits } }: ContainerInspect): readonly Shortfall[] {
  return limits.flatMap(({ type, soft, hard }) => {
    const made = ulimits.find(({ name }) => name === `RLIMIT_${type.toUpperCase()}`);
    if (made === undefined || (isEnough(made.soft, soft) && isEnough(made.hard, hard))) return [];
    const got = `${showLimit(made.soft)}:${showLimit(made.hard)}, since its service has no more itself,`;
    return [{ key: `ulimit.${type}`, wanted: `${showLimit(soft)}:${showLimit(hard)}`, got, isFatal: false }];
  });
}

function isEnough(made: number, asked: number | bigint): boolean {
  return made < 0 || BigInt(made) >= BigInt(asked);
}

function showLimit(limit: number | bigint): string {
  return limit < 0 || limit === unlimited ? "unlimited" : String(limit);
}

function toNumber(text: string): bigint | undefined {
  const trimmed = text.trim();
  if (trimmed === "-1" || trimmed.toLowerCase() === "unlimited") return unlimited;
  const number = /^\d{1,20}$/.test(trimmed) ? BigInt(trimmed) : undefined;
  return number !== undefined && number <= unlimited ? number : undefined;
}

/** A number would be rounded beyond 2^53, and Podman takes no -1 up to 5.5. */
function toJsonNumber(limit: bigint): number | bigint {
  return limit <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(limit) : limit;
}

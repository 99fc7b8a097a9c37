import { realpathSync } from "node:fs";
import { readKernelFile, type HostRoots } from "./proc-files.ts";

/** In the column Flags: the socket accepts connections (linux: __SO_ACCEPTCON). */
const accepts = 0x1_00_00;

/**
 * Whether somebody in this network namespace listens on the unix socket of this path, be it the service itself or systemd in its
 * place. The kernel is asked, not the socket: a connection would start a service that systemd has put to sleep. False also for
 * a listener that bound it under another name.
 */
export function isListening(roots: HostRoots, path: string): boolean {
  const names = [path, realPathOf(path)];
  return listListening(roots).some((name) => names.includes(name));
}

/** Where a Podman of root's or of a user's listens, or systemd for it, at the places that come with it; sorted, without `known` ones. */
export function findUsualSockets(roots: HostRoots, known: readonly string[]): readonly string[] {
  const others = listListening(roots).filter((name) => !known.some((path) => path === name || realPathOf(path) === name));
  const usual = others.filter((name) => /^(?:\/var)?\/run\/(?:user\/\d+\/)?podman\/podman\.sock$/.test(name));
  return [...new Set(usual)].toSorted();
}

function listListening(roots: HostRoots): readonly string[] {
  return (readKernelFile(`${roots.procDir}/net/unix`) ?? "").split("\n").flatMap((line) => {
    const [, flags = "0", name = ""] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +\d+ (\/.*)$/.exec(line) ?? [];
    return (Number.parseInt(flags, 16) & accepts) === 0 ? [] : [name];
  });
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

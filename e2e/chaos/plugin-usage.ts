import { readdirSync, readFileSync } from "node:fs";

/** What a plugin process holds at one moment. */
export interface PluginUsage {
  readonly anonymousKb: number;
  readonly openFiles: number;
  readonly threads: number;
  /** inotify watches and sockets among the open files. */
  readonly watches: number;
  readonly sockets: number;
}

export function readPluginUsage(pid: number): PluginUsage {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const fds = readdirSync(`/proc/${pid}/fdinfo`);
  const infos = fds.map((fd) => readQuietly(`/proc/${pid}/fdinfo/${fd}`));
  return {
    anonymousKb: figure("RssAnon"),
    openFiles: fds.length,
    threads: figure("Threads"),
    watches: infos.reduce((sum, info) => sum + (info.match(/^inotify wd:/gm)?.length ?? 0), 0),
    sockets: (readFileSync(`/proc/${pid}/net/unix`, "utf8").match(/podman\.sock/g) ?? []).length,
  };
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

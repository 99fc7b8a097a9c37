import type { DriverServices } from "../driver-services.ts";
import type { ExitSources, HintWatch } from "./exit-watcher.ts";
import type { TaskSubject } from "./task-container.ts";
import type { TaskProcesses } from "./task-processes.ts";

export interface WatchedContainer extends Pick<TaskSubject, "engine" | "containerId"> {
  readonly processes: TaskProcesses;
  readonly services: DriverServices;
}

/** How a container's end is seen: by the kernel and conmon's record where they can be seen, and else by Podman. */
export function toExitSources(container: WatchedContainer): ExitSources {
  const { containerId, engine, processes, services } = container;
  const { containers } = engine.client;
  return {
    readExitRecord: () => processes.readExitRecord(),
    inspect: async (signal) => (await containers.inspect(containerId, signal))?.state,
    wait: (intervalMs, signal) => containers.wait(containerId, { conditions: ["exited", "stopped"], intervalMs }, signal),
    watchHints: (hint) => watchHints(container, hint),
    watchOomKills: (note) => processes.watchOomKills(note),
    isConmonAlive: () => !processes.isConmonGone(),
    isMainGone: () => processes.isMainGone(),
    isMainAlive: () => processes.isMainAlive(),
    readUnburiedCode: () => processes.readUnburiedCode(),
    isBeingEnded: () => processes.isBeingEnded,
    readOomKills: () => processes.readOomKills(),
    isWithoutOomKill: () => processes.isWithoutOomKill(),
    survivedOomKills: () => processes.survivedOomKills,
    hasOomRecord: () => services.kernelLog.hasOomKill(containerId),
  };
}

function watchHints({ containerId, engine, processes, services }: WatchedContainer, hint: () => void): HintWatch {
  const { heartbeat, exitDirectories } = services;
  const { conmonFolders } = processes;
  const hintIfGone = (): void => {
    if (processes.isConmonGone() || processes.isMainGone()) hint();
  };
  const stopBeat = heartbeat.subscribe(hintIfGone);
  const hasFolder = conmonFolders !== undefined && exitDirectories.subscribe(conmonFolders, containerId, hint);
  const seesAll = hasFolder && processes.isMainKnown;
  const stopEvents = seesAll ? undefined : engine.events.subscribe(containerId, hint);
  // Its exit file may have come before the watch.
  hintIfGone();
  return {
    sight: seesAll ? "whole" : hasFolder ? "partial" : "none",
    close: () => {
      stopBeat();
      stopEvents?.();
      if (conmonFolders !== undefined) exitDirectories.unsubscribe(conmonFolders, containerId);
    },
  };
}

import type { Mount, Position } from "@driver/nomad-plugin";

import type { GroupVolume, Task, TaskGroup } from "../../job/job.ts";
import type { PlacedProblem } from "../driver/encode-task-config.ts";
import { interpolateText } from "../env/interpolate.ts";
import type { Scope } from "../env/interpolate.ts";

/** The name under which the machine knows a volume (`nomad`: AllocSuffix). */
export function volumeSource({ source, isPerAlloc }: GroupVolume, allocIndex: number): string {
  return isPerAlloc ? `${source}[${allocIndex}]` : source;
}

/** The group's volumes that this machine does not have. */
export function findMissingVolumes(
  { volumes }: TaskGroup,
  host: { readonly allocIndex: number; readonly paths: ReadonlyMap<string, string> },
): readonly PlacedProblem[] {
  return volumes.flatMap((volume) => {
    const source = volumeSource(volume, host.allocIndex);
    if (host.paths.has(source)) return [];
    const wanted = `${source}=PATH`;
    const message =
      `volume ${JSON.stringify(volume.name)}: there is no host volume ${JSON.stringify(source)}; give it with -host-volume ` +
      wanted;
    return [{ message, position: volume.position }];
  });
}

interface MountPlace {
  readonly group: TaskGroup;
  readonly allocIndex: number;
  readonly scope: Scope;
  readonly paths: ReadonlyMap<string, string>;
  report(problem: { readonly message: string; readonly position: Position }): void;
}

/** What the task's `volume_mount` blocks come to. A volume without a path is left out: it was told of the group already. */
export function planMounts(task: Task, { group, allocIndex, scope, paths, report }: MountPlace): readonly Mount[] {
  return task.volumeMounts.flatMap((mount): readonly Mount[] => {
    const name = interpolateText(mount.volume, scope);
    const volume = group.volumes.find((candidate) => candidate.name === name);
    const hostPath = volume === undefined ? undefined : paths.get(volumeSource(volume, allocIndex));
    if (volume === undefined) {
      report({ message: `volume_mount: the group has no volume ${JSON.stringify(name)}`, position: mount.position });
    }
    if (volume === undefined || hostPath === undefined) return [];
    return [
      {
        hostPath,
        taskPath: interpolateText(mount.destination, scope),
        readonly: volume.isReadOnly || mount.isReadOnly,
        propagationMode: interpolateText(mount.propagationMode, scope),
        selinuxLabel: mount.selinuxLabel,
        requestName: volumeSource(volume, allocIndex),
      },
    ];
  });
}

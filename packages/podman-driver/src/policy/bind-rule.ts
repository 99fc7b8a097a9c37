import type { VolumePolicy } from "../config/resolve-volume-policy.ts";
import { forbidden, type Rule } from "./rule.ts";

/** Host paths outside the allocation's folder: `volumes.enabled` and `volumes.allowed_paths`. */
export const bindRule: Rule = (wish, { policy: { volumes }, allocDir }) => {
  if (wish.kind !== "bind") return undefined;
  const { hostPath, isLoose = false, isInside = false } = wish;
  if (isInside && !isWithin(hostPath, allocDir)) {
    return {
      key: wish.key,
      value: wish.value,
      problem: `leads out of the allocation's folder, to ${hostPath}`,
      remedy: "give its absolute path",
    };
  }
  if (!judgesBinds(volumes)) return undefined;
  const { isEnabled, allowedPaths } = volumes;
  if (isLoose && allowedPaths.includes(hostPath)) return undefined;
  if (isLoose) {
    return forbidden(wish, toLooseProblem(hostPath), "use a plain bind, or have the operator add this very path to volumes.allowed_paths");
  }
  if (isWithin(hostPath, allocDir) || (isEnabled && allowedPaths.some((allowed) => isWithin(hostPath, allowed)))) return undefined;
  const outside = `asks for ${hostPath}, outside the allocation's folder`;
  if (isEnabled) {
    const list = `${outside}, and this client allows ${allowedPaths.join(", ")} alone`;
    return forbidden(wish, list, "use one of these, or have the operator add it to volumes.allowed_paths");
  }
  const problem = `${outside}, and this client's plugin config has volumes.enabled = false`;
  return forbidden(wish, problem, "use a path in the task's folder, or have the operator enable volumes");
};

/** Whether the operator has a say in what is bound. */
export function judgesBinds({ isEnabled, allowedPaths }: VolumePolicy): boolean {
  return !isEnabled || allowedPaths.length > 0;
}

function toLooseProblem(hostPath: string): string {
  return `asks for ${hostPath} as a folder of an overlay (O) or the device of a volume, and what Podman will find there cannot be checked`;
}

/** Named volumes are another task's as well: `volumes.enabled`, as with Nomad's Docker driver. */
export const volumeRule: Rule = (wish, { policy: { volumes } }) => {
  if (wish.kind !== "volume" || volumes.isEnabled) return undefined;
  const problem = `asks for the volume ${wish.name}, and this client's plugin config has volumes.enabled = false`;
  return forbidden(wish, problem, "use an anonymous volume or a path in the task's folder, or have the operator enable volumes");
};

/** Whether an absolute, normal path is `folder`, or below it. A name that begins with two dots is one like any other. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

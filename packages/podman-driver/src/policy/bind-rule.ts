import { forbidden, type Rule } from "./rule.ts";

/** Host paths outside the allocation's folder: `volumes.enabled` and `volumes.allowed_paths`. */
export const bindRule: Rule = (wish, { policy: { volumes }, allocDir }) => {
  if (wish.kind !== "bind" || isWithin(wish.hostPath, allocDir)) return undefined;
  const outside = `asks for ${wish.hostPath}, outside the allocation's folder`;
  if (!volumes.isEnabled) {
    return forbidden(wish, `${outside}, and this client's plugin config has volumes.enabled = false`, "use a path in the task's folder, or have the operator enable volumes");
  }
  const { allowedPaths } = volumes;
  if (allowedPaths.length === 0 || allowedPaths.some((allowed) => isWithin(wish.hostPath, allowed))) return undefined;
  return forbidden(wish, `${outside}, and this client allows ${allowedPaths.join(", ")} alone`, "use one of these, or have the operator add it to volumes.allowed_paths");
};

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

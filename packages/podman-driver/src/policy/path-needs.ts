import type { OperatorPolicy } from "../config/operator-policy.ts";
import type { PathNeed } from "../topics/topic.ts";
import type { PathWish, Wish } from "../topics/wish.ts";
import { isWithin, judgesBinds } from "./bind-rule.ts";
import type { PolicyContext } from "./rule.ts";

/**
 * The paths to be looked at before the container is made: those that the operator's options judge, since a symlink makes another
 * path of one; and those in the allocation's folder, which this plugin surely sees, so that it can say what is missing. Any other
 * is Podman's to find.
 */
export function toPathNeeds(wishes: readonly Wish[], { policy, allocDir }: PolicyContext): readonly PathNeed[] {
  return wishes.filter(isPathWish).flatMap((wish): readonly PathNeed[] => {
    const isJudged = isRestricted(wish, policy);
    return isJudged || isWithin(wish.hostPath, allocDir) ? [{ kind: "path", wish, isJudged }] : [];
  });
}

/** Whether what is bound must be looked at once it is mounted: a judged path may lead elsewhere a moment later. */
export function guardsBinds(needs: readonly PathNeed[], { volumes }: OperatorPolicy): boolean {
  return judgesBinds(volumes) && needs.some(({ wish, isJudged }) => isJudged && wish.kind === "bind");
}

function isPathWish(wish: Wish): wish is PathWish {
  return "hostPath" in wish;
}

function isRestricted(wish: PathWish, { volumes, allowedDevices }: OperatorPolicy): boolean {
  return wish.kind === "device" ? allowedDevices.length > 0 : wish.isInside === true || judgesBinds(volumes);
}

import type { Refusal } from "../config/report.ts";
import type { Wish } from "../topics/wish.ts";
import { bindRule, volumeRule } from "./bind-rule.ts";
import { deviceRule } from "./device-rule.ts";
import { namespaceRules } from "./namespace-rules.ts";
import { privilegeRules } from "./privilege-rules.ts";
import type { PolicyContext, Rule } from "./rule.ts";

/** All that an operator can forbid. A wish without a rule is granted. */
const rules: readonly Rule[] = [bindRule, volumeRule, deviceRule, ...privilegeRules, ...namespaceRules];

/**
 * Holds what a task asks for against what the operator allows. Pure: a path is taken as it is written, so whoever knows what it
 * resolves to asks again with that.
 */
export function judgeWishes(wishes: readonly Wish[], context: PolicyContext): readonly Refusal[] {
  return wishes.flatMap((wish) => rules.flatMap((rule) => rule(wish, context) ?? []));
}

import { key, noted } from "./job-key.ts";
import { block, bool, integer, notNull, number, string, text } from "./key-kinds.ts";
import { placement } from "./reasons.ts";

/** Operators that may be written as keys of their own, with the value behind them. */
const shortcuts = {
  version: key(string, []),
  semver: key(string, []),
  regexp: key(string, []),
  set_contains: key(string, []),
  set_contains_all: key(string, []),
  set_contains_any: key(string, []),
};

export const constraintKeys = {
  attribute: key(string, "LTarget"),
  operator: key(string, "Operand"),
  value: key(string, "RTarget"),
  ...shortcuts,
  distinct_hosts: key(bool, []),
  distinct_property: key(string, []),
  is_set: key(string, []),
  is_not_set: key(string, []),
};

export const affinityKeys = {
  attribute: key(string, "LTarget"),
  operator: key(string, "Operand"),
  value: key(string, "RTarget"),
  weight: key(number, "Weight"),
  ...shortcuts,
};

const targetKeys = { percent: key(notNull(integer({ min: 0, max: 255 })), "Percent") };

export const spreadKeys = {
  attribute: key(text, "Attribute"),
  weight: key(integer({ min: -128, max: 127 }), "Weight"),
  target: key(block(targetKeys, { label: "Value", isRepeated: true }), "SpreadTarget"),
};

const repeated = { isRepeated: true };

/** Where a job, group or task would be placed. */
export const schedulingKeys = {
  constraint: noted(block(constraintKeys, repeated), "Constraints", `constraint: has no effect, ${placement}`),
  affinity: noted(block(affinityKeys, repeated), "Affinities", `affinity: has no effect, ${placement}`),
};

export const spreadKey = noted(block(spreadKeys, repeated), "Spreads", `spread: has no effect, ${placement}`);

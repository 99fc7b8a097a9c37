import type { HclRecord, HclValue } from "@driver/hcl/values";
import { DriverError } from "../driver-error.ts";
import { visitFields, type Fields } from "./block.ts";

/** What the keys of a config come to that are not set. A task sets a handful of its 150. */
export interface UnsetFields {
  /** Values of the keys that may be left out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Their plain values. */
  readonly plain: HclRecord;
  /** Keys that must be set, and those whose default asks for something. */
  readonly telling: ReadonlySet<string>;
}

/**
 * A key of which not set is a mistake counts as one that must be set, so that each config is told.
 * @throws what an option's `decodeValue` throws that is no `DriverError`, which is a mistake of the program
 */
export function toUnsetFields(fields: Fields): UnsetFields {
  const config: Record<string, unknown> = {};
  const plain: Record<string, HclValue> = {};
  const telling = new Set<string>();
  for (const [name, option] of Object.entries(fields)) {
    try {
      config[name] = option.decodeValue(null, name);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      telling.add(name);
      continue;
    }
    const value = option.toValue(config[name]);
    if (value !== undefined) plain[name] = value;
    visitFields({ [name]: option }, config, "", () => telling.add(name));
  }
  return { config, plain, telling };
}

import type { OptionDoc } from "@driver/nomad-plugin";
import { toTable } from "./markdown-table.ts";

/** Markdown table of a config schema, one row for each key. */
export function toOptionTable(options: readonly OptionDoc[]): string {
  return toTable(
    ["Key", "Type", "Default", "Today", "Meaning"],
    options.map((option) => [`\`${option.path}\``, option.type, toDefault(option), toToday(option), toMeaning(option)]),
  );
}

function toDefault(option: OptionDoc): string {
  if (option.required) return "required";
  // The parts of a block have rows of their own.
  return option.default === undefined || option.type === "block" ? "" : `\`${option.default}\``;
}

function toToday({ type, notYet, only }: OptionDoc): string {
  if (notYet) return type === "bool" ? "only `false`" : "refused";
  return only === undefined ? "yes" : `only ${only}`;
}

function toMeaning({ help, deprecated }: OptionDoc): string {
  return deprecated === undefined ? help : `${help} Deprecated: use \`${deprecated}\`.`;
}

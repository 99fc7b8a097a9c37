import type { OptionDoc } from "@driver/nomad-plugin";
import type { KeySupport } from "@driver/podman-driver";
import { toTable } from "./markdown-table.ts";

/** Markdown table of a config schema, one row for each key. */
export function toOptionTable(options: readonly OptionDoc[], supportOf: (path: string) => KeySupport): string {
  return toTable(
    ["Key", "Type", "Default", "Today", "Meaning"],
    options.map((option) => [`\`${option.path}\``, option.type, toDefault(option), toToday(option, supportOf(option.path)), toMeaning(option)]),
  );
}

function toDefault(option: OptionDoc): string {
  if (option.required) return "required";
  // The parts of a block have rows of their own.
  return option.default === undefined || option.type === "block" ? "" : `\`${option.default}\``;
}

function toToday({ type }: OptionDoc, support: KeySupport): string {
  switch (support.kind) {
    case "applied":
      return "yes";
    case "limited":
      return `only ${support.to}`;
    case "refused":
      return type === "bool" ? "only `false`" : "refused";
  }
}

function toMeaning({ help, deprecated }: OptionDoc): string {
  return deprecated === undefined ? help : `${help} Deprecated: use \`${deprecated}\`.`;
}

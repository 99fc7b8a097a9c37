import type { OptionDoc } from "@driver/nomad-plugin";
import type { Samples } from "@driver/podman-driver/docs";
import { toTable } from "./markdown-table.ts";
import { toExampleLines } from "./option-example.ts";
import type { DockerNames } from "./other-drivers.ts";

/** What a table says of its options besides their declarations. */
export interface OptionFactsElsewhere {
  /** For each option a config that it is in. */
  readonly samples: Samples;
  /** Keys that the Go driver has, too. */
  readonly goKeys: readonly string[];
  readonly dockerNames: DockerNames;
}

/** The first version of this driver; keys of the Go driver's were there before. */
const firstVersion = "0.7.0";

/** Markdown table of a config schema, one row for each key. An example is shown once where several keys in a row share it. */
export function toOptionTable(options: readonly OptionDoc[], elsewhere: OptionFactsElsewhere): string {
  const { samples, goKeys, dockerNames } = elsewhere;
  const examples = options.map(({ path }) => toExample(samples, path));
  return toTable(
    ["Key", "Type", "Default", "Today", "Meaning", "Example", "Since", "Docker's name", "Podman"],
    options.map((option, index) => [
      `\`${option.path}\``,
      option.type,
      toDefault(option),
      toToday(option, samples),
      toMeaning(option),
      examples[index] === examples[index - 1] ? "" : (examples[index] ?? ""),
      goKeys.includes(option.path) ? "Go driver" : firstVersion,
      toDockerName(option.path, dockerNames),
      option.needs ?? "",
    ]),
  );
}

function toExample(samples: Samples, path: string): string {
  const sample = samples[path];
  return sample === undefined ? "" : toExampleLines(sample).map((line) => `\`${line}\``).join("<br>");
}

function toDockerName(path: string, names: DockerNames): string {
  const name = names[path];
  if (name === undefined) return "";
  return name === path ? "the same" : `\`${name}\``;
}

function toDefault(option: OptionDoc): string {
  if (option.required) return "required";
  // The parts of a block have rows of their own.
  return option.default === undefined || option.type === "block" ? "" : `\`${option.default}\``;
}

/** A key without a sample is one that every value of is refused. */
function toToday({ path, type, notYet, only, unused }: OptionDoc, samples: Samples): string {
  if (notYet || !(path in samples)) return type === "bool" ? "only `false`" : "refused";
  if (unused !== undefined) return "no effect";
  return only === undefined ? "yes" : `only ${only}`;
}

function toMeaning({ help, deprecated }: OptionDoc): string {
  return deprecated === undefined ? help : `${help} Deprecated: use \`${deprecated}\`.`;
}

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { TestingError } from "@driver/testing";

export interface BenchOptions {
  readonly json: boolean;
  readonly full: boolean;
  /** Writes docs/performance.md from what all parts come to. */
  readonly write: boolean;
  /** Absolute path of another build's executable to measure beside this one. */
  readonly against?: string | undefined;
  /** How often each build is measured. Default 1. */
  readonly rounds: number;
  /** Names of parts; none means all. */
  readonly parts: readonly string[];
}

/** @throws TestingError for a number of rounds that is none, and for less than all parts of one build where a page is to be written. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      full: { type: "boolean" },
      write: { type: "boolean" },
      against: { type: "string" },
      rounds: { type: "string" },
    },
  });
  const rounds = Number(values.rounds ?? "1");
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new TestingError("unknown-option", `--rounds must be a whole number from 1 on, not ${values.rounds}.`);
  }
  const write = values.write === true;
  if (write && (positionals.length > 0 || values.against !== undefined)) {
    throw new TestingError("unknown-option", "--write is for a run over all parts of this build alone: name no part and no other build.");
  }
  const against = values.against === undefined ? undefined : resolve(values.against);
  return { json: values.json === true, full: values.full === true, write, against, rounds, parts: positionals };
}

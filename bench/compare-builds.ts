import type { Bed, Part } from "./bed.ts";
import type { Figure } from "./figure.ts";

/** A figure of this build beside that of another one. */
export interface ComparedFigure extends Figure {
  /** The other build's value; absent where it has no such figure. */
  readonly other?: number | undefined;
}

export interface BuildComparison {
  readonly bed: Bed;
  /** Path of the other build's executable. */
  readonly otherPlugin: string;
  /** How often each build is measured: the builds take turns in being first. */
  readonly rounds: number;
}

/**
 * Measures a part with both builds in turn, so that both meet the same machine. Each value is the mean of its build's rounds; the
 * remark is that of this build's last round. Rejects with what broke the part, also where only the other build broke it.
 */
export async function compareBuilds(part: Part, { bed, otherPlugin, rounds }: BuildComparison): Promise<ComparedFigure[]> {
  const own: (readonly Figure[])[] = [];
  const other: (readonly Figure[])[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => own.push(await runWith(part, bed, bed.plugin)),
      async () => other.push(await runWith(part, bed, otherPlugin)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const last = own.at(-1) ?? [];
  return last.map((figure) => {
    const otherValue = meanOf(other, figure.name);
    return { ...figure, value: meanOf(own, figure.name) ?? figure.value, other: otherValue };
  });
}

/** The rigs take the plugin from the environment, as in a test run. */
async function runWith(part: Part, bed: Bed, plugin: string): Promise<readonly Figure[]> {
  process.env["TEST_PLUGIN"] = plugin;
  try {
    return await part.run({ ...bed, plugin });
  } finally {
    process.env["TEST_PLUGIN"] = bed.plugin;
  }
}

function meanOf(rounds: readonly (readonly Figure[])[], name: string): number | undefined {
  const values = rounds.flat().flatMap((figure) => (figure.name === name ? [figure.value] : []));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { matrixCells, matrixSuites, type MatrixCell } from "./cells.ts";

/** What the short form of the matrix runs, and what it leaves out. */
export interface ShortForm {
  readonly cell: MatrixCell;
  /** Names of test files. */
  readonly suites: readonly string[];
  readonly left: readonly LeftOut[];
}

/** A cell, a way to run one or some test files that do not run, and why. */
export interface LeftOut {
  readonly what: string;
  readonly reason: string;
}

/** How a task begins, what is done in it and how it ends: what another version breaks first. */
const shortSuites: readonly string[] = ["life", "exec"];
/** Releases that do not move any more. */
const candidates: readonly string[] = ["trixie", "bookworm"];

const leftCells: Readonly<Record<string, string>> = {
  installed: "npm test runs all tests with it",
  bullseye: "what fails there and why takes the whole matrix to tell",
  sid: "it moves: what passes today need not pass tomorrow",
  experimental: "it moves: what passes today need not pass tomorrow",
};
const leftModes: readonly LeftOut[] = [
  { what: "cgroup v2 with systemd", reason: "needs a machine that was started with them; docs/compatibility.md has what was seen on one" },
];

/**
 * One release other than the host's with a handful of tests, and a line for everything else that the matrix has.
 *
 * @param codename of the host's release as /etc/os-release has it, such as "bookworm"; empty: it has none
 */
export function toShortForm(codename: string): ShortForm {
  const wanted = candidates.find((name) => name !== codename);
  const cell = matrixCells.find(({ name }) => name === wanted);
  if (cell === undefined) throw new Error(`The matrix has no cell ${wanted}.`);
  const others = matrixCells.filter((one) => one !== cell);
  return {
    cell,
    suites: shortSuites,
    left: [
      ...others.map(({ name }) => ({ what: name, reason: leftCells[name] ?? "one other release is enough for the short form" })),
      {
        what: `${matrixSuites.filter((suite) => !shortSuites.includes(suite)).join(", ")} with ${cell.name}`,
        reason: "they take minutes; npm run test:matrix runs them",
      },
      ...leftModes,
    ],
  };
}

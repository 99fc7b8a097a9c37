import type { PlacedProblem } from "../src/index.ts";
import { RunError } from "../src/index.ts";

/** For what reports problems: the first one is thrown. */
export function throwProblem({ message, position }: PlacedProblem): never {
  throw new RunError("job-invalid", message, { position });
}

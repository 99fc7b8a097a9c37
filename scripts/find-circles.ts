import { dirname, join, normalize, sep } from "node:path";

/** One import: the file it stands in (relative to the root) and what it asks for. */
export interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** A language contains itself: an expression holds a template, which holds an expression. */
const recursions: readonly RegExp[] = [/^packages\/hcl\/src\/evaluation\//, /^packages\/hcl\/src\/parser\/convert-/];

/** Groups of files that import each other in a circle, each sorted; types count. Recursion that the matter itself has is none. */
export function findCircles(imports: readonly Import[]): readonly (readonly string[])[] {
  const isOwn = ({ specifier }: Import): boolean => specifier.startsWith(".");
  return searchIn(imports.filter(isOwn).map(({ file, specifier }) => [file, toTarget(file, specifier)]));
}

/**
 * The same of folders: those that stand side by side, with the files beside them, and import each other in a circle. A folder and a
 * file in the one above it are no two rooms; what tests import does not count, since they stand beside what they test.
 */
export function findFolderCircles(imports: readonly Import[]): readonly (readonly string[])[] {
  const steps = imports.flatMap(({ file, specifier }) =>
    specifier.startsWith(".") && !file.endsWith(".test.ts") ? [toRooms(file, toTarget(file, specifier))] : [],
  );
  // A circle of files alone is told as one already.
  return searchIn(steps).filter((circle) => circle.some((room) => !room.endsWith(".ts")));
}

type Step = readonly [from: string, to: string];

function searchIn(steps: readonly Step[]): readonly (readonly string[])[] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of steps) targets.set(from, [...(targets.get(from) ?? []), to]);
  return new CircleSearch(targets).run().filter((circle) => !recursions.some((honest) => circle.every((file) => honest.test(file))));
}

function toTarget(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier));
}

/** Where the ways to two files part: the folder or file of each that stands below the last folder they share. */
function toRooms(file: string, target: string): Step {
  const [from, to] = [file.split(sep), target.split(sep)];
  const parting = from.findIndex((name, index) => name !== to[index]);
  return [from.slice(0, parting + 1).join(sep), to.slice(0, parting + 1).join(sep)];
}

/** Tarjan's search for strongly connected parts of a graph. */
class CircleSearch {
  readonly #targets: ReadonlyMap<string, readonly string[]>;
  readonly #order = new Map<string, number>();
  readonly #lowest = new Map<string, number>();
  readonly #open: string[] = [];
  readonly #circles: (readonly string[])[] = [];

  constructor(targets: ReadonlyMap<string, readonly string[]>) {
    this.#targets = targets;
  }

  run(): readonly (readonly string[])[] {
    for (const file of this.#targets.keys()) if (!this.#order.has(file)) this.#visit(file);
    return this.#circles;
  }

  /** Gives the earliest file that it leads back to. */
  #visit(file: string): number {
    const own = this.#order.size;
    this.#order.set(file, own);
    this.#lowest.set(file, own);
    this.#open.push(file);
    for (const target of this.#targets.get(file) ?? []) {
      const reached = this.#order.has(target) ? this.#reachedAgain(target) : this.#visit(target);
      this.#lowest.set(file, Math.min(this.#lowest.get(file) ?? own, reached));
    }
    const lowest = this.#lowest.get(file) ?? own;
    if (lowest === own) this.#close(file);
    return lowest;
  }

  #reachedAgain(target: string): number {
    return this.#open.includes(target) ? (this.#order.get(target) ?? Infinity) : Infinity;
  }

  #close(file: string): void {
    const circle = this.#open.splice(this.#open.indexOf(file));
    if (circle.length > 1) this.#circles.push(circle.toSorted());
  }
}

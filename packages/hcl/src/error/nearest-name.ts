import leven from "leven";

/**
 * The known name a misspelt one most likely meant; undefined when none is near. Case, `-` and `_` do not count. Two
 * letters may be wrong, as for HashiCorp's parser (so two that are swapped may), in longer names a third of them, in
 * names of up to three letters one.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = simplify(name);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const simple = simplify(candidate);
    const distance = leven(wanted, simple);
    if (distance <= tolerance(Math.max(wanted.length, simple.length)) && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name;
}

/** `; did you mean "x"?` or nothing: the end of a message about an unknown name. */
export function suggestName(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

function simplify(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, "");
}

function tolerance(length: number): number {
  return length <= 3 ? 1 : Math.max(2, Math.floor(length / 3));
}

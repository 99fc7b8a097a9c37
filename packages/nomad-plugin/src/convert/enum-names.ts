/** Words of the driver interface and their numbers on the wire. */
export interface EnumNames<Name extends string, Value extends number> {
  toNumber(name: Name): Value;
  /** The first of the names for a number that this version does not know. */
  fromNumber(value: number): Name;
}

/** Pairs of a word and its number; the first pair stands for what is not among them. */
export function enumNames<const Name extends string, Value extends number>(
  pairs: readonly [readonly [Name, Value], ...(readonly [Name, Value])[]],
): EnumNames<Name, Value> {
  return {
    toNumber: (name) => (pairs.find(([known]) => known === name) ?? pairs[0])[1],
    fromNumber: (value) => (pairs.find(([, known]) => known === value) ?? pairs[0])[0],
  };
}

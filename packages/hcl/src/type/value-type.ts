/** A type that values are converted to. */
export type ValueType =
  | { readonly kind: "string" | "bool" | "number" | "any" }
  | { readonly kind: "list" | "set" | "map"; readonly element: ValueType }
  | { readonly kind: "tuple"; readonly elements: readonly ValueType[] }
  | { readonly kind: "object"; readonly attributes: Readonly<Record<string, ValueType>> };

/** The type in words, for messages: `a list of string`. */
export function describeType(type: ValueType): string {
  return /^[aeiou]/.test(type.kind) ? `an ${nameOfType(type)}` : `a ${nameOfType(type)}`;
}

function nameOfType(type: ValueType): string {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
      return `${type.kind} of ${nameOfType(type.element)}`;
    case "tuple":
      return `list of exactly ${type.elements.length} values`;
    case "object":
      return `object with ${Object.keys(type.attributes).join(", ")}`;
    default:
      return type.kind;
  }
}

import { isList, isRecord, type HclValue, type ValueType } from "@driver/hcl/values";

/**
 * Gives maps the shape in which a schema declares them: one map passes for a list of maps and the other way round,
 * because job files write both the same (`nomad`: an object in a config block travels as a list of one).
 */
export function toDeclaredShape(value: HclValue, type: ValueType): HclValue {
  switch (type.kind) {
    case "list":
    case "set": {
      const list = isRecord(value) && isMapLike(type.element) ? [value] : value;
      return isList(list) ? list.map((element) => toDeclaredShape(element, type.element)) : list;
    }
    case "map":
      return mapRecord(unwrapSingle(value), () => type.element);
    case "object":
      return mapRecord(unwrapSingle(value), (key) => (Object.hasOwn(type.attributes, key) ? type.attributes[key] : undefined));
    case "tuple":
      return isList(value) ? value.map((element, index) => shapeIf(element, type.elements[index])) : value;
    default:
      return value;
  }
}

function mapRecord(value: HclValue, typeOf: (key: string) => ValueType | undefined): HclValue {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, shapeIf(entry, typeOf(key))]));
}

function shapeIf(value: HclValue, type: ValueType | undefined): HclValue {
  return type === undefined ? value : toDeclaredShape(value, type);
}

function isMapLike(type: ValueType): boolean {
  return type.kind === "map" || type.kind === "object";
}

function unwrapSingle(value: HclValue): HclValue {
  const [only] = isList(value) && value.length === 1 ? value : [];
  return only !== undefined && isRecord(only) ? only : value;
}

import { isList, isRecord, type HclValue, type ValueType } from "@driver/hcl/values";

/**
 * How a value of the type is written, for the message about one that is not; empty where the type's name says it.
 * @param path of the key, e.g. `volumes.allowed_paths`
 */
export function toRightForm(path: string, value: HclValue, type: ValueType): string {
  const key = path.slice(path.lastIndexOf(".") + 1);
  switch (type.kind) {
    case "bool":
      return "; write true or false";
    case "list":
    case "set": {
      if (isMap(type.element)) return `; write ${key} = { name = "value" }`;
      const isOne = typeof value === "string" || typeof value === "number";
      return isOne && type.element.kind === "string" ? `; write ${key} = [${JSON.stringify(String(value))}]` : "";
    }
    case "map":
      return isRecord(value) || isList(value) ? "" : `; write ${key} = { name = "value" }`;
    default:
      return "";
  }
}

function isMap({ kind }: ValueType): boolean {
  return kind === "map" || kind === "object";
}

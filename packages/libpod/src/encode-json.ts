import { LibpodError } from "./libpod-error.ts";

/**
 * JSON text of `value`, with every bigint written as its exact digits (18446744073709551615 is a common rlimit and
 * a JS number cannot hold it). Undefined members are left out. A number that JSON or a JS number cannot carry
 * exactly is refused with the path of its key: `bad-request`.
 */
export function encodeJson(value: unknown): string {
  return encodeValue(value, "$") ?? "null";
}

function encodeValue(value: unknown, path: string): string | undefined {
  if (value === undefined) return undefined;
  if (value === null) return "null";
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return encodeNumber(value, path);
  if (Array.isArray(value)) return `[${value.map((item, index) => encodeValue(item, `${path}[${index}]`) ?? "null").join(",")}]`;
  if (typeof value === "object") return encodeObject(value, path);
  throw new LibpodError({ code: "bad-request", message: `encode request body: ${path} is a ${typeof value}, which JSON does not have` });
}

function encodeObject(value: object, path: string): string {
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    const text = encodeValue(member, `${path}.${key}`);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(",")}}`;
}

function encodeNumber(value: number, path: string): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new LibpodError({
      code: "bad-request",
      message: `encode request body: ${path} = ${value} is not exact; give whole numbers beyond 2^53 as bigint`,
    });
  }
  return JSON.stringify(value);
}

import { createHash, randomUUID } from "node:crypto";
import { textArgument } from "./hcl-function.ts";
import type { CallContext, FunctionTable } from "./hcl-function.ts";
import type { HclValue } from "../../value/hcl-value.ts";

export const uuidFunctions: FunctionTable = {
  uuidv4: { min: 0, max: 0, apply: () => randomUUID() },
  uuidv5: { min: 2, max: 2, apply: nameUuid },
};

/** RFC 4122, appendix C. */
const namespaces: Readonly<Record<string, string>> = {
  dns: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  url: "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
  oid: "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
  x500: "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
};

function nameUuid(args: readonly HclValue[], context: CallContext): HclValue {
  const given = textArgument(args, 0, context);
  const namespace = Object.hasOwn(namespaces, given) ? (namespaces[given] ?? "") : given;
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(namespace))
    throw context.fail(`argument 1 must be dns, url, oid, x500 or a UUID, not ${JSON.stringify(given)}`);
  const bytes = createHash("sha1")
    .update(Buffer.from(namespace.replaceAll("-", ""), "hex"))
    .update(textArgument(args, 1, context))
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

import { HclError, readConstant, readType, type HclValue, type SourceFile, type ValueType } from "@driver/hcl/values";

/** The type that a schema's text says, such as `list(map(string))`. @throws SyntaxError: the schema itself is wrong */
export function readSchemaType(text: string): ValueType {
  // Nomad takes a null for any type at all.
  return text.trim() === "null" ? { kind: "any" } : read(text, readType);
}

/** The value of a default, which travels as HCL source. @throws SyntaxError: the schema itself is wrong */
export function readSchemaLiteral(text: string): HclValue {
  return read(text, readConstant);
}

function read<T>(text: string, readSource: (source: SourceFile) => T): T {
  try {
    return readSource({ name: "schema", text });
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    const place = `line ${error.position?.line ?? 1}, column ${error.position?.column ?? 1}`;
    throw new SyntaxError(`schema expression ${JSON.stringify(text)}: ${error.message} (${place})`, { cause: error });
  }
}

/** A field of a JSON object; undefined when there is none, or no object. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

/** A field that must be a text. @throws Error that names the field and what is there. */
export function textOf(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  if (typeof field !== "string") throw new Error(`The field ${name} must be a text, not ${JSON.stringify(field)}.`);
  return field;
}

/** A field that must be a number. @throws Error that names the field and what is there. */
export function numberOf(value: unknown, name: string): number {
  const field = fieldOf(value, name);
  if (typeof field !== "number") throw new Error(`The field ${name} must be a number, not ${JSON.stringify(field)}.`);
  return field;
}

/** A field that is a list; Nomad writes an empty one as null. @throws Error that names the field and what is there. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name) ?? [];
  if (!Array.isArray(field)) throw new Error(`The field ${name} must be a list, not ${JSON.stringify(field)}.`);
  return field;
}

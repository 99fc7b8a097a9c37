/** The code by which Node tells an error of the system's, such as `ENOENT`, or of its own; empty where nothing like it was thrown. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
}

/** Whether a glob means a whole text: `*` stands for any characters, slashes too, and all others for themselves. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = glob.split("*").map((part) => part.replace(/[^A-Za-z0-9_]/g, "\\$&"));
  return new RegExp(`^${pattern.join("[^]*")}$`).test(text);
}

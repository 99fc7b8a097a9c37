/** Ways to set off a piece of text. */
export type Look = "dim" | "bold" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

export type Style = (look: Look, text: string) => string;

const codes: Readonly<Record<Look, string>> = {
  bold: "1",
  dim: "2",
  red: "31",
  green: "32",
  yellow: "33",
  blue: "34",
  magenta: "35",
  cyan: "36",
};

/** Colours on a terminal, unless the user asked for none (no-color.org); plain text otherwise. */
export function createStyle(options: { readonly isTerminal: boolean; readonly env: Readonly<Record<string, string | undefined>> }): Style {
  const isPlain = !options.isTerminal || (options.env["NO_COLOR"] ?? "") !== "" || options.env["TERM"] === "dumb";
  if (isPlain) return (_look, text) => text;
  return (look, text) => `\u001b[${codes[look]}m${text}\u001b[0m`;
}

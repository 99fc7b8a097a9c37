/** Decoded text, or why it cannot be. */
export type DecodedText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

const simpleEscapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** Why an interpolation can be left in text: the grammar reads neither of these. */
const unreadable = {
  quoted: "string: only plain text may stand here, without ${…} and %{…}",
  heredoc: "heredoc: a line of it begins with its end marker; choose another marker",
};

const heredocSign = /\$\$\{|%%\{|[$%]\{/g;
const quotedSign = /\$\$\{|%%\{|[$%]\{|\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))?/g;

/**
 * Decodes the text between two interpolations: `$${` and `%%{` stand for `${` and `%{`; backslash escapes count in
 * quoted strings only (`hcl`).
 */
export function decodeTemplateText(raw: string, form: "quoted" | "heredoc"): DecodedText {
  if (form === "quoted" && /[\r\n]/.test(raw)) return fail("string: a quoted string must end on its line; use \\n or a heredoc (<<EOT)");
  const pattern = form === "heredoc" ? heredocSign : quotedSign;
  let text = "";
  let from = 0;
  for (const match of raw.matchAll(pattern)) {
    const [whole, short, long, letter] = match;
    text += raw.slice(from, match.index);
    from = match.index + whole.length;
    if (whole === "${" || whole === "%{") return fail(unreadable[form]);
    const decoded = whole.startsWith("\\") ? decodeEscape(short ?? long, letter) : whole.slice(1);
    if (decoded === undefined) return fail(`string: ${whole} is no escape; known are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN`);
    if (!decoded.isWellFormed()) return fail(`string: ${whole} is half a character; write the whole one as \\UNNNNNNNN`);
    text += decoded;
  }
  return { ok: true, text: text + raw.slice(from) };
}

function decodeEscape(hex: string | undefined, letter: string | undefined): string | undefined {
  if (hex === undefined) return letter === undefined ? undefined : simpleEscapes[letter];
  const codePoint = Number.parseInt(hex, 16);
  return codePoint > 0x10ffff ? undefined : String.fromCodePoint(codePoint);
}

function fail(message: string): DecodedText {
  return { ok: false, message };
}

/** A line that is none of an environment file, and why. */
export interface EnvFileProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/**
 * Reads lines `NAME=value` as Nomad does (`nomad`: hashicorp/go-envparse): `#` begins a comment at a line's start and
 * outside quotes anywhere, `export ` may stand before a name, quotes of both kinds may come and go within a value, and in
 * double ones JSON's escapes count. The later of two equal names wins.
 */
export function parseEnvFile(text: string): { readonly env: Readonly<Record<string, string>> } | { readonly problem: EnvFileProblem } {
  const env: Record<string, string> = Object.create(null);
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = trim(line);
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const setting = parseLine(trimmed);
    if (!setting.ok) return { problem: { line: index + 1, message: setting.message } };
    env[setting.value[0]] = setting.value[1];
  }
  return { env: { ...env } };
}

const space = /^[\s\u0085]+|[\s\u0085]+$/g;

function trim(text: string): string {
  return text.replaceAll(space, "");
}

function parseLine(line: string): Parsed<readonly [string, string]> {
  const at = line.indexOf("=");
  if (at < 0) return refuse("there is no = in it");
  const key = trim(line.slice(0, at));
  const name = key.length > "export ".length ? key.replace(/^export /, "") : key;
  if (name === "") return refuse("there is no name before the =");
  if (!/^[A-Za-z_]/.test(name)) return refuse(`a name begins with a letter or _, not with ${JSON.stringify(name[0])}`);
  const bad = /[^A-Za-z0-9/_.]/u.exec(name);
  if (bad !== null) return refuse(`a name has letters, digits and / _ . only, not ${JSON.stringify(bad[0])}`);
  const value = parseValue(trim(line.slice(at + 1)));
  return value.ok ? { ok: true, value: [name, value.value] } : value;
}

function parseValue(raw: string): Parsed<string> {
  let value = "";
  // Where the part ends that a comment leaves: spaces before it do not count.
  let keptLength = 0;
  let quote: '"' | "'" | "" = "";
  for (let at = 0; at < raw.length; at += 1) {
    const sign = raw.charAt(at);
    if (sign < " ") return refuse(`a value cannot hold the character 0x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
    if (quote === "" && sign === "#") return { ok: true, value: value.slice(0, keptLength) };
    if (quote === "" && (sign === '"' || sign === "'")) quote = sign;
    else if (sign === quote && quote !== "") quote = "";
    else if (quote === '"' && sign === "\\") {
      const escape = readEscape(raw, at + 1);
      if (!escape.ok) return escape;
      value += escape.value.text;
      at += escape.value.length;
      keptLength = value.length;
    } else {
      value += sign;
      if (quote !== "" || sign !== " ") keptLength = value.length;
    }
  }
  return quote === "" ? { ok: true, value } : refuse(`a ${quote} is not closed`);
}

const simpleEscapes: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", r: "\r", n: "\n", t: "\t" };

/** What an escape stands for, and how long it is behind its backslash. */
function readEscape(raw: string, at: number): Parsed<{ readonly text: string; readonly length: number }> {
  const letter = raw.charAt(at);
  const simple = simpleEscapes[letter];
  if (simple !== undefined) return { ok: true, value: { text: simple, length: 1 } };
  if (letter !== "u") return refuse(letter === "" ? "an escape is not complete" : `\\${letter} is no escape`);
  const first = readHex(raw, at + 1);
  if (first === undefined) return refuse("\\u needs four hexadecimal digits");
  if (first < 0xd800 || first > 0xdfff) return { ok: true, value: { text: String.fromCharCode(first), length: 5 } };
  const second = raw.startsWith("\\u", at + 5) ? readHex(raw, at + 7) : undefined;
  if (second === undefined) return refuse("a \\u escape of two parts lacks its second one");
  const pair = String.fromCharCode(first, second);
  return { ok: true, value: { text: pair.isWellFormed() ? pair : "\uFFFD", length: 11 } };
}

function readHex(raw: string, at: number): number | undefined {
  const digits = raw.slice(at, at + 4);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

function refuse(message: string): { readonly ok: false; readonly message: string } {
  return { ok: false, message };
}

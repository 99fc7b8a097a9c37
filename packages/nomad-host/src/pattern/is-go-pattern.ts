/** Whether Go takes a text for a regular expression (`go`: regexp/syntax, with the flags of Perl). */
export function isGoPattern(pattern: string): boolean {
  return new PatternReader(pattern).read();
}

/** More copies of one thing than that are refused. */
const mostCopies = 1000;

/** What is open: the pattern itself or a group in it. */
interface Frame {
  /** How many copies of one thing there are in it, at most. */
  copies: number;
  /** Of what a sign of repetition would repeat; 0: there is nothing. */
  last: number;
}

class PatternReader {
  readonly #pattern: string;
  readonly #frames: [Frame, ...Frame[]] = [{ copies: 1, last: 0 }];
  #at = 0;
  /** Whether what was read last is a repetition. */
  #hasRepeated = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(): boolean {
    while (this.#at < this.#pattern.length) {
      const hadRepeated = this.#hasRepeated;
      this.#hasRepeated = false;
      if (!this.#one(hadRepeated)) return false;
    }
    return this.#frames.length === 1;
  }

  #one(hadRepeated: boolean): boolean {
    switch (this.#letter()) {
      case "(":
        return this.#open();
      case ")":
        return this.#close();
      case "|":
        this.#frame.last = 0;
        return true;
      case "*":
      case "+":
      case "?":
        return this.#repeat(1, hadRepeated);
      case "{": {
        const [whole, least = "", comma, most = ""] = /^(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/.exec(this.#rest()) ?? [];
        if (whole === undefined) return this.#atom();
        this.#at += whole.length;
        const isRight = Number(least) <= mostCopies && (most === "" || (Number(most) >= Number(least) && Number(most) <= mostCopies));
        return isRight && this.#repeat(Number(comma === undefined || most === "" ? least : most), hadRepeated);
      }
      case "[":
        return this.#class() && this.#atom();
      case "\\":
        return this.#escape();
      default:
        return this.#atom();
    }
  }

  get #frame(): Frame {
    return this.#frames.at(-1) ?? this.#frames[0];
  }

  #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #atom(copies = 1): boolean {
    this.#frame.last = copies;
    this.#frame.copies = Math.max(this.#frame.copies, copies);
    return true;
  }

  #repeat(times: number, hadRepeated: boolean): boolean {
    const copies = this.#frame.last * Math.max(times, 1);
    if (this.#frame.last === 0 || hadRepeated || copies > mostCopies) return false;
    if (this.#pattern[this.#at] === "?") this.#at += 1;
    this.#hasRepeated = true;
    return this.#atom(copies);
  }

  /** A group, or flags for what follows. */
  #open(): boolean {
    if (this.#pattern[this.#at] !== "?") return this.#push();
    const [head, flags, end] = /^\?(?:P?<\w+>|((?:[imsU]*)(?:-[imsU]+)?)([:)]))/.exec(this.#rest()) ?? [];
    if (head === undefined) return false;
    this.#at += head.length;
    return flags !== undefined && end === ")" ? true : this.#push();
  }

  #push(): boolean {
    this.#frames.push({ copies: 1, last: 0 });
    return true;
  }

  #close(): boolean {
    if (this.#frames.length === 1) return false;
    const { copies } = this.#frame;
    this.#frames.pop();
    return this.#atom(copies);
  }

  /** What follows a backslash outside of brackets. */
  #escape(): boolean {
    const quoted = /^Q(.*?)(?:\\E|$)/s.exec(this.#rest());
    if (quoted !== null) {
      this.#at += quoted[0].length;
      return quoted[1] === "" || this.#atom();
    }
    return (this.#take(/^[AbBz]/) !== undefined || this.#takeKind() || this.#takeCharacter() !== undefined) && this.#atom();
  }

  /** What stands in brackets, and the one that closes them. */
  #class(): boolean {
    this.#take(/^\^/);
    for (let isFirst = true; isFirst || this.#pattern[this.#at] !== "]"; isFirst = false) {
      const named = /^\[:(.*?):\]/s.exec(this.#rest());
      if (named !== null) {
        if (!posixNames.test(named[1] ?? "")) return false;
        this.#at += named[0].length;
      } else if (!this.#range()) return false;
    }
    this.#at += 1;
    return true;
  }

  /** One letter or kind of letters in brackets, or all from one to another. */
  #range(): boolean {
    const isEscaped = this.#take(/^\\/) !== undefined;
    if (isEscaped && this.#takeKind()) return true;
    const first = isEscaped ? this.#takeCharacter() : this.#takeLetter();
    if (first === undefined) return false;
    if (this.#take(/^-(?=[^\]])/s) === undefined) return true;
    const last = this.#take(/^\\/) === undefined ? this.#takeLetter() : this.#takeCharacter();
    return last !== undefined && last >= first;
  }

  /** The next character, which is read then; undefined: there is none. */
  #letter(): string | undefined {
    const codePoint = this.#pattern.codePointAt(this.#at);
    if (codePoint === undefined) return undefined;
    const letter = String.fromCodePoint(codePoint);
    this.#at += letter.length;
    return letter;
  }

  #takeLetter(): number | undefined {
    return this.#letter()?.codePointAt(0);
  }

  /** `\d` and the like, `\pL`, `\p{Greek}`. */
  #takeKind(): boolean {
    if (this.#take(/^[dswDSW]/) !== undefined) return true;
    const [whole, braced, bare] = /^[pP](?:\{\^?([^}]*)\}|([^{]))/u.exec(this.#rest()) ?? [];
    if (whole === undefined || !isUnicodeClass(braced ?? bare ?? "")) return false;
    this.#at += whole.length;
    return true;
  }

  /** The character that is written behind a backslash. */
  #takeCharacter(): number | undefined {
    const octal = this.#take(/^(?:[1-7][0-7]{1,2}|0[0-7]{0,2})/);
    if (octal !== undefined) return Number.parseInt(octal, 8);
    const hex = this.#take(/^x(?:\{[0-9a-fA-F]+\}|[0-9a-fA-F]{2})/);
    if (hex !== undefined) return withinUnicode(Number.parseInt(hex.replaceAll(/[x{}]/g, ""), 16));
    const control = this.#take(/^[afnrtv]/);
    if (control !== undefined) return controls[control];
    return this.#take(/^[^0-9A-Za-z\u0080-\u{10ffff}]/u)?.codePointAt(0);
  }

  /** What `pattern` finds next, which is read then. */
  #take(pattern: RegExp): string | undefined {
    const found = pattern.exec(this.#rest())?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

const posixNames = /^\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit)$/;

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function withinUnicode(codePoint: number): number | undefined {
  return codePoint <= 0x10ffff ? codePoint : undefined;
}

/** The name of a category or a script of Unicode's, in any case. */
function isUnicodeClass(text: string): boolean {
  const name = text.toLowerCase().replaceAll(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
  if (name === "Any" || name === "Ascii" || name === "Assigned") return true;
  const forms = [name, name.toUpperCase()];
  return /^\w+$/.test(name) && ["gc", "sc"].some((property) => forms.some((form) => isProperty(`${property}=${form}`)));
}

function isProperty(property: string): boolean {
  try {
    return new RegExp(`\\p{${property}}`, "u").source !== "";
  } catch {
    return false;
  }
}

import fc from "fast-check";

/** Arbitrary HCL texts: most are valid, and those that are not fail in ways people write. */

const name = fc.constantFrom("a", "b", "image", "for_x", "x-y", "port", "_z", "nullable", "é");

const plainText = fc
  .array(
    fc.constantFrom("a", " ", "é", "$", "%", "\\n", '\\"', "\\\\", "$${", "%%{", "{", "}", "#", "//", "~", "'", "$$", "\\t", "\\u00e9"),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

const number = fc.oneof(
  fc.integer({ min: 0, max: 1_000_000 }).map(String),
  fc.constantFrom("0", "1.5", "007", "12345678901234567890", "0.1", "2.50", "1.5e3", "3.0e-2"),
);

interface Layers {
  readonly expression: string;
  readonly heredoc: string;
}

const { expression } = fc.letrec<Layers>((tie) => {
  const inner = tie("expression");
  const template = fc
    .array(
      fc.oneof(
        plainText,
        fc.tuple(fc.constantFrom("${", "${~", "${ "), inner, fc.constantFrom("}", "~}", " }")).map((parts) => parts.join("")),
      ),
      { maxLength: 3 },
    )
    .map((parts) => `"${parts.join("")}"`);
  const directive = fc
    .tuple(inner, plainText, plainText)
    .map(([condition, then, otherwise]) => `"%{ if ${condition} }${then}%{ else ~}${otherwise}%{ endif }"`);
  const separator = fc.constantFrom(", ", ",\n", " ,");
  const objectSeparator = fc.constantFrom(", ", "\n", ",\n", "\n\n");
  const entry = fc
    .tuple(fc.oneof(name, fc.constantFrom('"k"', "(a)", "5", "true")), fc.constantFrom(" = ", ": ", "=", " = "), inner)
    .map((parts) => parts.join(""));
  return {
    expression: fc.oneof(
      { maxDepth: 3, depthIdentifier: "hcl" },
      fc.oneof(
        number,
        name,
        fc.constantFrom("true", "false", "null", '""'),
        plainText.map((text) => `"${text}"`),
      ),
      template,
      directive,
      fc
        .tuple(inner, fc.constantFrom(" + ", "-", " * ", " / ", " % ", " == ", " != ", " < ", " >= ", " && ", " || ", "\n + "), inner)
        .map((parts) => parts.join("")),
      fc.tuple(fc.constantFrom("-", "!"), inner).map((parts) => parts.join("")),
      fc.tuple(fc.constantFrom("(", "(\n"), inner, fc.constantFrom(")", "\n)")).map((parts) => parts.join("")),
      fc.tuple(inner, inner, inner).map(([condition, then, otherwise]) => `${condition} ? ${then} : ${otherwise}`),
      fc
        .tuple(fc.array(inner, { maxLength: 3 }), separator, fc.constantFrom("", ",", "\n"))
        .map(([items, between, end]) => `[${items.join(between)}${items.length === 0 ? "" : end}]`),
      fc
        .tuple(fc.array(entry, { maxLength: 3 }), objectSeparator, fc.constantFrom("", "\n"))
        .map(([items, between, edge]) => `{${edge}${items.join(between)}${edge}}`),
      fc
        .tuple(name, fc.array(inner, { maxLength: 2 }), fc.constantFrom("", "..."))
        .map(([called, args, end]) => `${called}(${args.join(", ")}${args.length === 0 ? "" : end})`),
      fc.tuple(inner, fc.constantFrom(".a", "[0]", "[*]", ".*", ".0", "[*].a", '["k"]', " .a")).map((parts) => parts.join("")),
      fc
        .tuple(fc.constantFrom("v", "k, v"), inner, inner, fc.constantFrom("", " if v"))
        .map(([names, list, value, condition]) => `[for ${names} in ${list} : ${value}${condition}]`),
      fc.tuple(inner, inner, fc.constantFrom("", "...")).map(([list, value, dots]) => `{\nfor k, v in ${list} : k => ${value}${dots}\n}`),
    ),
    heredoc: fc.constant(""),
  };
});

/** A single expression. */
export const hclExpression: fc.Arbitrary<string> = expression;

const heredocLine = fc
  .tuple(
    fc.constantFrom("", "  ", "    ", "\t"),
    fc.oneof(
      plainText,
      expression.map((inner) => `x\${${inner}}y`),
      expression.map((inner) => `%{ for v in ${inner} ~}`),
      fc.constant("%{ endfor }"),
      fc.constant(""),
    ),
  )
  .map((parts) => parts.join(""));

const heredoc = fc
  .tuple(fc.constantFrom("<<", "<<-"), fc.array(heredocLine, { maxLength: 4 }), fc.constantFrom("", "  "))
  .map(([opening, lines, indent]) => `${opening}EOT\n${lines.map((line) => `${line}\n`).join("")}${indent}EOT`);

const attribute = fc
  .tuple(name, fc.constantFrom(" = ", "=", " =  "), fc.oneof({ weight: 4, arbitrary: expression }, { weight: 1, arbitrary: heredoc }))
  .map((parts) => parts.join(""));

const comment = fc.constantFrom("# note", "// note", "/* note */");

const { body } = fc.letrec<{ readonly body: string; readonly item: string }>((tie) => {
  const item = tie("item");
  const header = fc.tuple(name, fc.constantFrom("", ' "l"', " l", ' "a b" "c"', ' "$${x}"')).map((parts) => parts.join(""));
  return {
    item: fc.oneof(
      { maxDepth: 2, depthIdentifier: "body" },
      attribute,
      comment,
      fc.tuple(header, tie("body")).map(([head, inner]) => `${head} {\n${inner}\n}`),
      fc.tuple(header, attribute).map(([head, inner]) => `${head} { ${inner} }`),
      fc.tuple(header).map(([head]) => `${head} {}`),
    ),
    body: fc
      .tuple(fc.array(item, { maxLength: 4 }), fc.constantFrom("\n", "\n\n", "\r\n", "\n", " "))
      .map(([items, between]) => items.join(between)),
  };
});

/** A whole file. */
export const hclFile: fc.Arbitrary<string> = body.map((text) => `${text}\n`);

/** A file with one small slip: something missing, doubled, or put in. */
export const damagedHclFile: fc.Arbitrary<string> = fc
  .tuple(
    hclFile,
    fc.nat(),
    fc.constantFrom("", "\n", "}", "{", '"', "=", ",", "[", "(", "$", "${", "}", " ", "x", "\\"),
    fc.nat({ max: 2 }),
  )
  .map(([text, at, piece, skipped]) => {
    const index = at % (text.length + 1);
    return text.slice(0, index) + piece + text.slice(index + skipped);
  });

import assert from "node:assert/strict";
import { test } from "node:test";
import { createHclParser, HclError, loadWasm } from "../src/index.ts";
import type { LoadWasm } from "../src/index.ts";

const parse = await createHclParser(loadWasm, { name: "case.hcl", text: "" });

async function errorOf(text: string, parser = parse): Promise<HclError> {
  const error: unknown = await parser({ name: "case.hcl", text }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof HclError, `no error for ${text}`);
  return error;
}

/** What the grammar lets through and HCL forbids, and what the grammar refuses itself. */
const refused: readonly (readonly [title: string, text: string, line: number, column: number, message: RegExp])[] = [
  ["two arguments in a one-line block", 'job "x" { a = 1 b = 2 }\n', 1, 17, /one argument only/],
  ["a block in a one-line block", 'job "x" { group "g" {} }\n', 1, 11, /cannot hold another block/],
  ["a one-line block that ends on another line", 'port "x" { to = 1\n}\n', 2, 1, /its } must stand there too/],
  ["a closing brace behind an argument", "a {\n  b = 1 }\n", 2, 9, /must end with a newline/],
  ["two arguments on one line", "a = 1 b = 2\n", 1, 7, /must end with a newline/],
  ["two blocks on one line", "a {} b {}\n", 1, 6, /block "a": must end with a newline/],
  ["an argument given twice", "a = 1\nb = 2\na = 3\n", 3, 1, /already set on line 1/],
  ["a brace on a line of its own", "a\n{\n}\n", 1, 1, /must stand on the line where the block begins/],
  ["an expression that goes on in the next line", "a = 1\n  + 2\n", 2, 3, /use parentheses/],
  ["items of an object without separator", "a = { b = 1 c = 2 }\n", 1, 13, /a comma or a newline is missing/],
  ["a comma at the begin of a line", "a = {\n b = 1\n , c = 2\n}\n", 3, 2, /comma must stand on the line/],
  ["a string over two lines", 'a = "x\ny"\n', 1, 5, /must end on its line/],
  ["an empty interpolation", 'a = "${}"\n', 1, 6, /an expression is missing/],
  ["an unknown escape", 'a = "\\q"\n', 1, 6, /Invalid escape sequence/],
  ["a hexadecimal number", "a = 0x1f\n", 1, 5, /decimal numbers only/],
  ["text behind a heredoc's marker", "a = <<EOT x\ny\nEOT\n", 1, 5, /end right behind its marker/],
  ["a heredoc without end", "a = <<EOT\nx\n", 3, 1, /Unterminated template string/],
  ["a file that is a value", '{ "a": 1 }\n', 1, 1, /must hold arguments and blocks/],
  ["a quoted argument name", '"a" = 1\n', 1, 1, /must not be quoted/],
  ["a label with interpolation", 'a "${b}" {}\n', 1, 3, /plain text/],
  ["a missing brace", 'job "x" {\n  a = 1\n', 1, 9, /Unclosed configuration block/],
  ["a path as a key", "a = { b.c = 1 }\n", 1, 7, /parentheses to use its value/],
  ["two legacy indexes", "a = b.0.1\n", 1, 8, /brackets/],
];

for (const [title, text, line, column, message] of refused) {
  test(`refuses ${title}`, async () => {
    const error = await errorOf(text);
    assert.match(error.message, message);
    assert.deepEqual(error.position, { line, column });
    assert.equal(error.code, "syntax");
  });
}

const accepted: readonly (readonly [title: string, text: string])[] = [
  ["an empty file", ""],
  ["comments only", "# a\n// b\n/* c\n d */\n"],
  ["Windows line ends", 'a = 1\r\nb {\r\n  c = "x"\r\n}\r\n'],
  ["a byte order mark", "\uFEFFa = 1\n"],
  ["a last line without newline", "a = 1"],
  ["expressions over several lines inside brackets", "a = (1 +\n 2)\nb = [\n 1,\n 2,\n]\nc = f(\n 1,\n 2\n)\n"],
  ["numbers with an exponent", "a = 1e5 + 2E-3 + 1.5e+2\n"],
  ["an empty one-line block", 'a "b" c {}\n'],
  ["a backslash before an escape in a heredoc", "a = <<EOT\n\\$${x} \\\\%%{y} \\\\\\$$${z}\nEOT\n"],
  ["a heredoc as an argument", "a = f(<<EOT\nx\nEOT\n, 1)\n"],
  ["nested templates", 'a = "x ${f("y ${z}")} %{ if b }${c}%{ else }d%{ endif }"\n'],
  ["keywords inside longer names", "format = nullable\ntrueish = iffy.for_each\n"],
];

for (const [title, text] of accepted) {
  test(`accepts ${title}`, async () => {
    await parse({ name: "case.hcl", text });
  });
}

test("takes the line and a caret into the message", async () => {
  const error = await errorOf('job "x" {\n\ta = "b" "c"\n}\n');
  assert.equal(
    error.format(),
    'case.hcl:2:10: Missing newline after argument: An argument definition must end with a newline\n2 | \ta = "b" "c"\n  | \t        ^',
  );
});

test("has words of its own when HashiCorp's parser cannot be loaded", async () => {
  const load: LoadWasm = (name) => (name === "hcl2json.wasm.gz" ? Promise.reject(new Error("no such asset")) : loadWasm(name));
  const error = await errorOf("a = = 1\n", await createHclParser(load, { name: "case.hcl", text: "" }));
  assert.equal(error.message, "this is not valid HCL");
  assert.equal(error.position?.line, 1);
});

test("says so when a text is valid and only the grammar cannot read it", async () => {
  const error = await errorOf("a = {\n  x = b\n  (c) = 1\n}\n");
  assert.match(error.message, /^this HCL is valid, but cannot be read here; .* put a comma before its line$/);
});

test("says that the parser is missing when its WebAssembly is", async () => {
  await assert.rejects(
    createHclParser(() => Promise.reject(new Error("no such asset")), { name: "case.hcl", text: "" }),
    (error) => error instanceof HclError && error.code === "parser-missing" && error.message === "load the HCL parser: no such asset",
  );
});

const deep: readonly (readonly [title: string, text: string])[] = [
  ["lists", `a = ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`],
  ["blocks", `${"a {\n".repeat(5000)}${"}\n".repeat(5000)}`],
  ["open brackets", `a = ${"[".repeat(20_000)}`],
  ["operators", `a = 1${" + 1".repeat(5000)}\n`],
];

for (const [title, text] of deep) {
  test(`refuses ${title} nested endlessly instead of running out of stack`, async () => {
    const error = await errorOf(text);
    assert.equal(error.code, "syntax");
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { addDecimals, formatDecimal, multiplyDecimals, normalizeNumber, numberOf, parseDecimal, remainderOf } from "./decimal.ts";
import type { Decimal } from "./decimal.ts";

const decimal = (text: string): Decimal => parseDecimal(text) ?? assert.fail(text);

test("what HCL does not take for a number is none", () => {
  const refused = ["", " 5", "0x10", "five", "1e", ".", "1_000", "Inf", "NaN", "1e12345"];
  for (const text of refused) assert.equal(parseDecimal(text), undefined, text);
});

test("whole numbers are exact at any size, whatever they are written as", () => {
  const table: readonly (readonly [string, number | bigint])[] = [
    ["1e3", 1000],
    ["1e23", 10n ** 23n],
    ["1.5e300", 15n * 10n ** 299n],
    ["0.1", 0.1],
    ["1e-400", 0],
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-12345678901234567890", -12345678901234567890n],
    ["12345678901234567890.5", 12345678901234567890n],
    ["9007199254740991.9", 9007199254740992n],
  ];
  for (const [text, expected] of table) assert.equal(numberOf(decimal(text)), expected, text);
  assert.equal(normalizeNumber(1e23), 10n ** 23n);
  assert.equal(normalizeNumber(0.5), 0.5);
  assert.equal(normalizeNumber(Infinity), Infinity);
});

test("the text of a double reads back as the same double", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(Number(formatDecimal(decimal(String(value)))), value + 0);
    }),
  );
});

test("decimals are counted with exactly", () => {
  const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  const text = fc.tuple(digits, fc.integer({ min: -20, max: 20 })).map(([whole, exponent]) => `${whole}e${exponent}`);
  fc.assert(
    fc.property(text, text, (left, right) => {
      const [a, b] = [decimal(left), decimal(right)];
      const difference = addDecimals(a, { ...b, digits: -b.digits });
      assert.deepEqual(addDecimals(difference, b), a);
      assert.equal(numberOf(multiplyDecimals(a, decimal("1e20"))), numberOf(multiplyDecimals(decimal("1e20"), a)));
      if (b.digits === 0n) return;
      const rest = remainderOf(a, b);
      assert.ok(Math.abs(Number(formatDecimal(rest))) <= Math.abs(Number(formatDecimal(b))));
      assert.deepEqual(remainderOf(addDecimals(a, { ...rest, digits: -rest.digits }), b), decimal("0"));
    }),
  );
});

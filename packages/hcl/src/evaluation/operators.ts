import type { HclValue } from "../value/hcl-value.ts";
import type { BinaryOperator, UnaryOperator } from "../syntax/expression.ts";
import {
  addDecimals,
  decimalOf,
  formatDecimal,
  multiplyDecimals,
  normalizeNumber,
  numberOf,
  remainderOf,
  wholeQuotient,
  type Decimal,
} from "../value/decimal.ts";
import { describeKind, equalValues, normalizeInteger } from "../value/hcl-value.ts";
import { formatNumber, toBool, toNumber } from "../value/scalar.ts";
import type { Fail } from "../error/hcl-error.ts";

/** Applies `-` or `!`. */
export function applyUnary(operator: UnaryOperator, operand: HclValue, fail: Fail): HclValue {
  if (operator === "!") return !needBool(operand, "operator !", fail);
  const value = needNumber(operand, "operator -", fail);
  return typeof value === "bigint" ? normalizeInteger(-value) : 0 - value;
}

/** Applies an operator to two values that are both evaluated, as HCL does: `&&` and `||` do not stop early. */
export function applyBinary(
  operator: BinaryOperator,
  operands: { readonly left: HclValue; readonly right: HclValue },
  fail: Fail,
): HclValue {
  const { left, right } = operands;
  const name = `operator ${operator}`;
  switch (operator) {
    case "==":
      return equalValues(left, right);
    case "!=":
      return !equalValues(left, right);
    case "&&":
    case "||": {
      const bools = [needBool(left, name, fail), needBool(right, name, fail)];
      return operator === "&&" ? bools.every(Boolean) : bools.some(Boolean);
    }
    case "<":
    case "<=":
    case ">":
    case ">=":
      return compare(operator, needNumber(left, name, fail), needNumber(right, name, fail));
    default:
      return calculate(operator, { left: needNumber(left, name, fail), right: needNumber(right, name, fail) }, fail);
  }
}

/** A number or numeric text; throws for others, named by `what`. */
export function needNumber(value: HclValue, what: string, fail: Fail): number | bigint {
  const number = toNumber(value);
  if (number === undefined) throw fail(`${what}: needs a number, not ${describeKind(value)}`);
  return number;
}

/** A bool or its text; throws for others, named by `what`. */
export function needBool(value: HclValue, what: string, fail: Fail): boolean {
  const bool = toBool(value);
  if (bool === undefined) throw fail(`${what}: needs true or false, not ${describeKind(value)}`);
  return bool;
}

function compare(operator: "<" | "<=" | ">" | ">=", left: number | bigint, right: number | bigint): boolean {
  if (operator === "<") return left < right;
  if (operator === "<=") return left <= right;
  return operator === ">" ? left > right : left >= right;
}

/** Far above any size, count or port, and far below what would take long to compute. */
const maxDigits = 5000;

/** Exact, except for a quotient with a fraction, which has a double's precision. By zero is infinite (`cty`). */
function calculate(
  operator: "*" | "/" | "%" | "+" | "-",
  operands: { readonly left: number | bigint; readonly right: number | bigint },
  fail: Fail,
): number | bigint {
  const [left, right] = [decimalOf(operands.left), decimalOf(operands.right)];
  if (left === undefined || right === undefined) return calculateInfinite(operator, operands, fail);
  if (operator === "%" && right.digits === 0n) return operands.left;
  if (operator === "/" && right.digits === 0n) return calculateInfinite(operator, operands, fail);
  if (operator === "/") return divide(operands, wholeQuotient(left, right), fail);
  const result = calculateExactly(operator, left, right);
  if (formatDecimal(result).length > maxDigits) throw fail(`operator ${operator}: the result is too large`);
  return numberOf(result);
}

/** Of finite numbers only the sign counts here. */
function calculateInfinite(
  operator: "*" | "/" | "%" | "+" | "-",
  { left, right }: { readonly left: number | bigint; readonly right: number | bigint },
  fail: Fail,
): number | bigint {
  const [first, second] = [toSignOrInfinite(left), toSignOrInfinite(right)];
  const results = { "*": first * second, "/": first / second, "%": Number.NaN, "+": first + second, "-": first - second };
  const result = results[operator];
  if (Number.isNaN(result)) throw fail(`operator ${operator}: ${formatNumber(left)} ${operator} ${formatNumber(right)} is no number`);
  return normalizeNumber(result);
}

function toSignOrInfinite(value: number | bigint): number {
  return value === Infinity || value === -Infinity ? value : value > 0 ? 1 : value < 0 ? -1 : 0;
}

function calculateExactly(operator: "*" | "%" | "+" | "-", left: Decimal, right: Decimal): Decimal {
  switch (operator) {
    case "*":
      return multiplyDecimals(left, right);
    case "%":
      return remainderOf(left, right);
    case "+":
      return addDecimals(left, right);
    case "-":
      return addDecimals(left, { digits: -right.digits, scale: right.scale });
  }
}

function divide(
  operands: { readonly left: number | bigint; readonly right: number | bigint },
  whole: Decimal | undefined,
  fail: Fail,
): number | bigint {
  if (whole !== undefined) return numberOf(whole);
  const { left, right } = operands;
  if (typeof left === "bigint" || typeof right === "bigint") throw fail("operator /: the result is too large to be exact");
  const result = left / right;
  if (!Number.isFinite(result)) throw fail("operator /: the result is too large");
  return normalizeNumber(result);
}

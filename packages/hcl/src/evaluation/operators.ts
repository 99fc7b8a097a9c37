import type { HclValue } from "../value/hcl-value.ts";
import type { BinaryOperator, UnaryOperator } from "../syntax/expression.ts";
import { describeKind, equalValues, normalizeInteger, toBool, toNumber } from "../value/hcl-value.ts";
import type { Fail } from "./scope.ts";

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

/**
 * Integers of any size are exact; a number with a fraction is a double, except that sums and products of decimal
 * fractions are rounded to 15 digits, so that 0.1 + 0.2 is 0.3.
 */
function calculate(
  operator: "*" | "/" | "%" | "+" | "-",
  operands: { readonly left: number | bigint; readonly right: number | bigint },
  fail: Fail,
): number | bigint {
  const { left, right } = operands;
  if ((operator === "/" || operator === "%") && Number(right) === 0) throw fail(`operator ${operator}: division by zero`);
  const isExact = isInteger(left) && isInteger(right);
  if (isExact && (operator !== "/" || BigInt(left) % BigInt(right) === 0n)) return calculateIntegers(operator, BigInt(left), BigInt(right));
  if (isExact && (typeof left === "bigint" || typeof right === "bigint"))
    throw fail(`operator ${operator}: the result is too large to be exact`);
  const result = calculateDoubles(operator, Number(left), Number(right));
  if (!Number.isFinite(result)) throw fail(`operator ${operator}: the result is too large`);
  return operator === "/" ? result : Number(result.toPrecision(15));
}

function isInteger(value: number | bigint): boolean {
  return typeof value === "bigint" || Number.isInteger(value);
}

function calculateIntegers(operator: "*" | "/" | "%" | "+" | "-", left: bigint, right: bigint): number | bigint {
  switch (operator) {
    case "*":
      return normalizeInteger(left * right);
    case "/":
      return normalizeInteger(left / right);
    case "%":
      return normalizeInteger(left % right);
    case "+":
      return normalizeInteger(left + right);
    case "-":
      return normalizeInteger(left - right);
  }
}

function calculateDoubles(operator: "*" | "/" | "%" | "+" | "-", left: number, right: number): number {
  switch (operator) {
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "+":
      return left + right;
    case "-":
      return left - right;
  }
}

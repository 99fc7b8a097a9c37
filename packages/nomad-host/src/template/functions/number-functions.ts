import type { TemplateFunction } from "../render-template.ts";
import { typeOf } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { wantCount, wantText } from "./arguments.ts";

interface Arithmetic {
  readonly whole: (left: bigint, right: bigint) => bigint;
  readonly float?: (left: number, right: number) => number;
}

/** What is piped in comes last and is the left one: `{{ 5 | subtract 2 }}` is 3. */
function calculate({ whole, float }: Arithmetic): TemplateFunction {
  return (...values) => {
    wantCount(values, 2);
    const [right, left] = values;
    if (typeof left === "bigint" && typeof right === "bigint") return whole(left, right);
    const isNumber = (value: TemplateValue): value is bigint | number => typeof value === "bigint" || typeof value === "number";
    if (float === undefined || !isNumber(left) || !isNumber(right)) throw new Error(`cannot take ${typeOf(left)} and ${typeOf(right)}`);
    return float(Number(left), Number(right));
  };
}

function divideWhole(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new Error("division by zero");
  return left / right;
}

function remainder(left: bigint, right: bigint): bigint {
  if (right === 0n) throw new Error("division by zero");
  return left % right;
}

const wholeForm = /^[+-]?\d+$/;
const trueWords = ["1", "t", "T", "true", "TRUE", "True"];
const falseWords = ["0", "f", "F", "false", "FALSE", "False"];

function parse<T extends TemplateValue>(read: (text: string) => T | undefined, empty: T): TemplateFunction {
  return (...values) => {
    wantCount(values, 1);
    const text = wantText(values[0]);
    const value = text === "" ? empty : read(text);
    if (value === undefined) throw new Error(`${JSON.stringify(text)} is none`);
    return value;
  };
}

/** The number functions of consul-template. */
export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: calculate({ whole: (left, right) => left + right, float: (left, right) => left + right }),
  subtract: calculate({ whole: (left, right) => left - right, float: (left, right) => left - right }),
  multiply: calculate({ whole: (left, right) => left * right, float: (left, right) => left * right }),
  divide: calculate({ whole: divideWhole, float: (left, right) => left / right }),
  modulo: calculate({ whole: remainder }),
  minimum: calculate({ whole: (left, right) => (left < right ? left : right), float: Math.min }),
  maximum: calculate({ whole: (left, right) => (left > right ? left : right), float: Math.max }),
  parseBool: parse((text) => (trueWords.includes(text) ? true : falseWords.includes(text) ? false : undefined), false),
  parseInt: parse((text) => (wholeForm.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined), 0n),
  parseUint: parse((text) => (/^\d+$/.test(text) ? BigInt(text) : undefined), 0n),
  parseFloat: parse((text) => (text.trim() === text && !Number.isNaN(Number(text)) ? Number(text) : undefined), 0),
  loop: (...values) => {
    wantCount(values, 1, 2);
    const [first, last] = values.length === 1 ? [0n, toBound(values[0])] : [toBound(values[0]), toBound(values[1])];
    return Array.from({ length: Number(last > first ? last - first : 0n) }, (_, index) => first + BigInt(index));
  },
};

function toBound(value: TemplateValue): bigint {
  if (typeof value === "bigint") return value;
  const text = wantText(value);
  if (!wholeForm.test(text)) throw new Error(`${JSON.stringify(text)} is no whole number`);
  return BigInt(text);
}

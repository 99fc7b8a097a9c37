import type { TemplateFunction } from "../render-template.ts";
import { readGoFloat } from "../read-go-number.ts";
import { SizedWhole, TemplateChannel, typeOf, wholeOf } from "../template-value.ts";
import type { TemplateValue } from "../template-value.ts";
import { wantCount, wantText } from "./arguments.ts";

interface Arithmetic {
  readonly whole: (left: bigint, right: bigint) => bigint;
  readonly float?: (left: number, right: number) => number;
}

/** What is piped in comes last and is the left one: `{{ 5 | subtract 2 }}` is 3. Whole numbers wrap at 64 bits. */
function calculate({ whole, float }: Arithmetic): TemplateFunction {
  return (...values) => {
    wantCount(values, 2);
    const [right, left] = values;
    const [leftWhole, rightWhole] = [wholeOf(left), wholeOf(right)];
    if (leftWhole !== undefined && rightWhole !== undefined) {
      const type = isUnsigned(left) && isUnsigned(right) ? "uint64" : "int64";
      const [first, second] = [new SizedWhole(type, leftWhole), new SizedWhole(type, rightWhole)];
      return new SizedWhole(type, whole(first.value, second.value));
    }
    const [first, second] = [floatOf(left), floatOf(right)];
    if (float === undefined || first === undefined || second === undefined)
      throw new Error(`cannot take ${typeOf(left)} and ${typeOf(right)}`);
    return float(first, second);
  };
}

function isUnsigned(value: TemplateValue): boolean {
  return value instanceof SizedWhole && value.type === "uint64";
}

function floatOf(value: TemplateValue): number | undefined {
  const whole = wholeOf(value);
  return whole === undefined ? (typeof value === "number" ? value : undefined) : Number(whole);
}

/** The one of two that `isBetter`, as it is; where both are alike, the right one. */
function choose(isBetter: (left: number | bigint, right: number | bigint) => boolean): TemplateFunction {
  return (...values) => {
    wantCount(values, 2);
    const [right, left] = values;
    const [first, second] = [wholeOf(left) ?? floatOf(left), wholeOf(right) ?? floatOf(right)];
    if (first === undefined || second === undefined) throw new Error(`cannot take ${typeOf(left)} and ${typeOf(right)}`);
    const chosen = isBetter(first, second) ? left : right;
    return typeof chosen === "bigint" ? new SizedWhole("int64", chosen) : chosen;
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
  minimum: choose((left, right) => left < right),
  maximum: choose((left, right) => left > right),
  parseBool: parse((text) => (trueWords.includes(text) ? true : falseWords.includes(text) ? false : undefined), false),
  parseInt: parse((text) => readSized(text, "int64"), new SizedWhole("int64", 0n)),
  parseUint: parse((text) => (/^\d+$/.test(text) ? readSized(text, "uint64") : undefined), new SizedWhole("uint64", 0n)),
  parseFloat: parse(readGoFloat, 0),
  loop: (...values) => {
    wantCount(values, 1, 2);
    const [first, last] = values.length === 1 ? [0n, toBound(values[0])] : [toBound(values[0]), toBound(values[1])];
    return new TemplateChannel(first, last);
  },
};

/** Undefined: it is no whole number, or does not fit. */
function readSized(text: string, type: SizedWhole["type"]): SizedWhole | undefined {
  if (!wholeForm.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ""));
  const sized = new SizedWhole(type, value);
  return sized.value === value ? sized : undefined;
}

function toBound(value: TemplateValue): bigint {
  const whole = wholeOf(value);
  if (whole !== undefined) return BigInt.asIntN(64, whole);
  const text = wantText(value);
  const read = text === "" ? new SizedWhole("int64", 0n) : readSized(text, "int64");
  if (read === undefined) throw new Error(`${JSON.stringify(text)} is no whole number`);
  return read.value;
}

import {
  convertValue,
  createScope,
  describeKind,
  evaluateOrReport,
  findReferences,
  suggestName,
  toText,
  toValueType,
  typeOfValue,
} from "@driver/hcl";
import type { Attribute, Block, Body, Expression, Fail, HclValue, Position, Scope, ValueType } from "@driver/hcl";
import { argumentsOf } from "./arguments-of.ts";
import { variableDialect } from "./job-dialect.ts";
import { failAt } from "./job-file-error.ts";
import type { JobProblems } from "./job-file-error.ts";

/** A rule that a variable's value must keep. */
export interface VariableValidation {
  readonly condition: Expression;
  readonly errorMessage: string;
  readonly position: Position;
}

/** An input variable of a job file. */
export interface DeclaredVariable {
  readonly name: string;
  /** Without `type` the one that the default has; undefined without both. */
  readonly type: ValueType | undefined;
  /** Undefined: a value must be given. */
  readonly fallback: { readonly value: HclValue } | undefined;
  readonly validations: readonly VariableValidation[];
  readonly position: Position;
}

/** The variables of a job file. */
export interface DeclaredVariables {
  readonly declared: ReadonlyMap<string, DeclaredVariable>;
  /** Names of those whose declaration is wrong; nothing is said of their values. */
  readonly failed: ReadonlySet<string>;
}

/** All variables that `variable` blocks and `variables` blocks declare. What is wrong is among the problems. */
export function decodeVariables(body: Body, jobScope: Scope, problems: JobProblems): DeclaredVariables {
  const scope = createScope(jobScope.source, { dialect: variableDialect, baseDir: jobScope.baseDir });
  const failed = new Set<string>();
  const decode = (name: string, read: () => DeclaredVariable | undefined): readonly DeclaredVariable[] => {
    const variable = problems.attempt(read);
    if (variable === undefined) failed.add(name);
    return variable === undefined ? [] : [variable];
  };
  const found = body.blocks.flatMap((block) => {
    if (block.type === "variable") return decode(block.labels[0] ?? "", () => decodeVariable(block, { scope, problems }));
    if (block.type !== "variables") return [];
    const written = argumentsOf(block, scope, problems);
    return written.flatMap((attribute) => decode(attribute.name, () => decodeShort(attribute, { scope, problems })));
  });
  const declared = new Map<string, DeclaredVariable>();
  for (const variable of found) {
    const namesake = declared.get(variable.name);
    const message = `variable "${variable.name}": declared already on line ${namesake?.position.line}`;
    if (namesake === undefined) declared.set(variable.name, variable);
    else problems.add(failAt(scope, variable.position, "variable")(message));
  }
  return { declared, failed };
}

interface Reading {
  readonly scope: Scope;
  readonly problems: JobProblems;
}

/** Undefined: it has no value, and why is among the problems. */
function evaluateAll(expression: Expression, { scope, problems }: Reading): HclValue | undefined {
  return evaluateOrReport(expression, scope, (problem) => problems.add(problem));
}

function decodeShort(attribute: Attribute, reading: Reading): DeclaredVariable | undefined {
  const value = evaluateAll(attribute.expression, reading);
  if (value === undefined) return undefined;
  return { name: attribute.name, type: typeOfValue(value), fallback: { value }, validations: [], position: attribute.position };
}

function decodeVariable(block: Block, reading: Reading): DeclaredVariable | undefined {
  const { scope } = reading;
  const fail = failAt(scope, block.position, "variable");
  const [name, ...excess] = block.labels;
  if (name === undefined || excess.length > 0) throw fail('block variable: needs one label, its name, as in variable "image" {');
  if (!/^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name))
    throw fail(`variable ${JSON.stringify(name)}: a name has letters, digits, - and _ only`);
  checkNames(block, { attributes: ["type", "default", "description"], blocks: ["validation"] }, scope);
  const description = findAttribute(block, "description");
  const isDescribed = description === undefined || readText(description, reading) !== undefined;
  const typeExpression = findAttribute(block, "type")?.expression;
  const type = typeExpression === undefined ? undefined : toValueType(typeExpression, scope.source);
  if (typeExpression !== undefined && type !== undefined && holdsAny(type))
    throw failAt(scope, typeExpression.position, "variable")(`type of variable "${name}": any is no exact type, which is needed here`);
  const written = findAttribute(block, "default");
  const fallback = written === undefined ? undefined : evaluateDefault({ name, type }, written, reading);
  const validations = block.body.blocks.map((inner) => decodeValidation(inner, { ...reading, name }));
  if (!isDescribed || validations.includes(undefined) || (written !== undefined && fallback === undefined)) return undefined;
  return {
    name,
    type: type ?? (fallback === undefined ? undefined : typeOfValue(fallback)),
    fallback: fallback === undefined ? undefined : { value: fallback },
    validations: validations.filter((validation) => validation !== undefined),
    position: block.position,
  };
}

/** `any` may stand in the schema of a plugin, and not in a job (`nomad`). */
function holdsAny(type: ValueType): boolean {
  switch (type.kind) {
    case "any":
      return true;
    case "list":
    case "set":
    case "map":
      return holdsAny(type.element);
    case "object":
      return Object.values(type.attributes).some(holdsAny);
    case "tuple":
      return type.elements.some(holdsAny);
    default:
      return false;
  }
}

function evaluateDefault(
  variable: { readonly name: string; readonly type: ValueType | undefined },
  attribute: Attribute,
  reading: Reading,
): HclValue | undefined {
  const { name, type } = variable;
  const { scope } = reading;
  const value = evaluateAll(attribute.expression, reading);
  if (value === undefined || type === undefined) return value;
  return convertVariable(value, type, { what: `default of variable "${name}"`, fail: failAt(scope, attribute.position, "variable") });
}

/** The value as a variable's type wants it; `what` begins the message about one that does not fit. */
export function convertVariable(value: HclValue, type: ValueType, refusal: { readonly what: string; readonly fail: Fail }): HclValue {
  return convertValue(value, type, (problem, path) => refusal.fail(`${refusal.what}: ${path === "" ? "" : `${path} `}${problem}`));
}

/** The text of an argument; undefined: it has none, and why is among the problems. */
function readText(attribute: Attribute, reading: Reading): string | undefined {
  const { name, expression } = attribute;
  const fail = failAt(reading.scope, expression.position, "variable");
  const value = evaluateAll(expression, reading);
  const text = value === undefined ? undefined : toText(value);
  if (value !== undefined && text === undefined)
    reading.problems.add(fail(`argument ${name}: must be a string, not ${describeKind(value)}`));
  return text;
}

function decodeValidation(block: Block, reading: Reading & { readonly name: string }): VariableValidation | undefined {
  const { scope, problems, name } = reading;
  checkNames(block, { attributes: ["condition", "error_message"], blocks: [] }, scope);
  const condition = findAttribute(block, "condition")?.expression;
  const message = findAttribute(block, "error_message");
  const fail = failAt(scope, block.position, "variable");
  if (block.labels.length > 0) throw fail("block validation: takes no label");
  if (condition === undefined || message === undefined) throw fail("block validation: needs condition and error_message");
  const errorMessage = readText(message, reading);
  if (errorMessage?.trim() === "")
    problems.add(failAt(scope, message.expression.position, "variable")("argument error_message: must not be empty or blank"));
  const misfit = findMisfit(condition, name);
  if (misfit !== undefined) problems.add(failAt(scope, misfit.position, "variable")(misfit.message));
  if (errorMessage === undefined || errorMessage.trim() === "" || misfit !== undefined) return undefined;
  return { condition, errorMessage, position: block.position };
}

/** A condition is about its own variable, and nothing else (`nomad`). */
function findMisfit(condition: Expression, name: string): { readonly message: string; readonly position: Position } | undefined {
  const references = findReferences(condition);
  const stranger = references.find((reference) => reference.root !== "var" || reference.name !== name);
  const rule = `condition of variable "${name}": must refer to var.${name}, and to nothing else`;
  if (stranger !== undefined) return { message: rule, position: stranger.position };
  return references.length === 0 ? { message: rule, position: condition.position } : undefined;
}

function findAttribute(block: Block, name: string): Attribute | undefined {
  return block.body.attributes.find((attribute) => attribute.name === name);
}

function checkNames(
  block: Block,
  names: { readonly attributes: readonly string[]; readonly blocks: readonly string[] },
  scope: Scope,
): void {
  const { attributes, blocks } = names;
  const strayAttribute = block.body.attributes.find((attribute) => !attributes.includes(attribute.name));
  const strayBlock = block.body.blocks.find((inner) => !blocks.includes(inner.type));
  const name = strayAttribute?.name ?? strayBlock?.type;
  if (name === undefined) return;
  const known = [...attributes, ...blocks];
  const position = strayAttribute?.position ?? strayBlock?.position ?? block.position;
  throw failAt(
    scope,
    position,
    "variable",
  )(`${name} in block ${block.type}: unknown; known are ${known.join(", ")}${suggestName(name, known)}`);
}

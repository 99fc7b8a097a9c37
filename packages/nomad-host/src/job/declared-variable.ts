import { convertValue, createScope, evaluate, suggestName, toValueType } from "@driver/hcl";
import type { Attribute, Block, Body, Expression, Fail, HclValue, Position, Scope, ValueType } from "@driver/hcl";
import { variableDialect } from "./job-dialect.ts";
import { failAt } from "./job-file-error.ts";

/** A rule that a variable's value must keep. */
export interface VariableValidation {
  readonly condition: Expression;
  readonly errorMessage: string;
  readonly position: Position;
}

/** An input variable of a job file. */
export interface DeclaredVariable {
  readonly name: string;
  /** Undefined without `type`. */
  readonly type: ValueType | undefined;
  /** Undefined: a value must be given. */
  readonly fallback: { readonly value: HclValue } | undefined;
  readonly validations: readonly VariableValidation[];
  readonly position: Position;
}

/** All variables that `variable` blocks and `variables` blocks declare. */
export function decodeVariables(body: Body, jobScope: Scope): ReadonlyMap<string, DeclaredVariable> {
  const scope = createScope(jobScope.source, { dialect: variableDialect, baseDir: jobScope.baseDir });
  const found = body.blocks.flatMap((block) => {
    if (block.type === "variable") return [decodeVariable(block, scope)];
    return block.type === "variables" ? block.body.attributes.map((attribute) => decodeShort(attribute, scope)) : [];
  });
  const variables = new Map<string, DeclaredVariable>();
  for (const variable of found) {
    const namesake = variables.get(variable.name);
    if (namesake !== undefined)
      throw failAt(scope, variable.position, "variable")(`variable "${variable.name}": declared already on line ${namesake.position.line}`);
    variables.set(variable.name, variable);
  }
  return variables;
}

function decodeShort(attribute: Attribute, scope: Scope): DeclaredVariable {
  const value = evaluate(attribute.expression, scope);
  return { name: attribute.name, type: undefined, fallback: { value }, validations: [], position: attribute.position };
}

function decodeVariable(block: Block, scope: Scope): DeclaredVariable {
  const fail = failAt(scope, block.position, "variable");
  const [name, ...excess] = block.labels;
  if (name === undefined || excess.length > 0) throw fail('block variable: needs one label, its name, as in variable "image" {');
  if (!/^[\p{ID_Start}_][\p{ID_Continue}-]*$/u.test(name))
    throw fail(`variable ${JSON.stringify(name)}: a name has letters, digits, - and _ only`);
  checkNames(block, { attributes: ["type", "default", "description"], blocks: ["validation"] }, scope);
  const typeExpression = findAttribute(block, "type")?.expression;
  const type = typeExpression === undefined ? undefined : toValueType(typeExpression, scope.source);
  if (typeExpression !== undefined && type !== undefined && holdsAny(type))
    throw failAt(scope, typeExpression.position, "variable")(`type of variable "${name}": any is no exact type, which is needed here`);
  const fallback = findAttribute(block, "default");
  return {
    name,
    type,
    fallback: fallback === undefined ? undefined : { value: evaluateDefault({ name, type }, fallback, scope) },
    validations: block.body.blocks.map((inner) => decodeValidation(inner, scope)),
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
  scope: Scope,
): HclValue {
  const { name, type } = variable;
  const value = evaluate(attribute.expression, scope);
  if (type === undefined) return value;
  return convertVariable(value, type, { what: `default of variable "${name}"`, fail: failAt(scope, attribute.position, "variable") });
}

/** The value as a variable's type wants it; `what` begins the message about one that does not fit. */
export function convertVariable(value: HclValue, type: ValueType, refusal: { readonly what: string; readonly fail: Fail }): HclValue {
  return convertValue(value, type, (problem, path) => refusal.fail(`${refusal.what}: ${path === "" ? "" : `${path} `}${problem}`));
}

function decodeValidation(block: Block, scope: Scope): VariableValidation {
  checkNames(block, { attributes: ["condition", "error_message"], blocks: [] }, scope);
  const condition = findAttribute(block, "condition")?.expression;
  const message = findAttribute(block, "error_message")?.expression;
  const fail = failAt(scope, block.position, "variable");
  if (condition === undefined || message === undefined) throw fail("block validation: needs condition and error_message");
  const errorMessage = evaluate(message, scope);
  if (typeof errorMessage !== "string") throw failAt(scope, message.position, "variable")("argument error_message: must be a string");
  return { condition, errorMessage, position: block.position };
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

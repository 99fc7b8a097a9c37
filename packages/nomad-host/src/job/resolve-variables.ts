import { composeTexts, createScope, evaluate, needBool, suggestName, withFailed, withNames } from "@driver/hcl";
import type { Attribute, Body, HclValue, ParseHcl, Scope, SourceFile } from "@driver/hcl";
import { conditionDialect, variableDialect } from "./job-dialect.ts";
import { JobFileError, failAt } from "./job-file-error.ts";
import type { JobProblems } from "./job-file-error.ts";
import { convertVariable } from "./declared-variable.ts";
import type { DeclaredVariable, DeclaredVariables, VariableValidation } from "./declared-variable.ts";

/** A parsed variable file. */
export interface VariableFile {
  readonly source: SourceFile;
  readonly body: Body;
}

export interface VariableInputs {
  /** `name` to value as typed behind `-var name=`. */
  readonly vars: Readonly<Record<string, string>>;
  /** In the order given. */
  readonly files: readonly VariableFile[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

const envPrefix = "NOMAD_VAR_";

type Declared = ReadonlyMap<string, DeclaredVariable>;

interface VariablePlace {
  readonly scope: Scope;
  readonly parse: ParseHcl;
  readonly problems: JobProblems;
}

/** A value for a variable; undefined: it is wrong, which is told. */
type Given = readonly [name: string, value: HclValue | undefined];

/**
 * The scope with the value of each declared variable in `var`. `-var` wins over variable files, later files over earlier ones,
 * files over `NOMAD_VAR_<name>`, that over the default (`nomad`). A name nobody declared is an error, except in the environment. What
 * is wrong is among the problems, and what refers to it is not told again.
 */
export async function resolveVariables(
  { declared, failed: misdeclared }: DeclaredVariables,
  inputs: VariableInputs,
  place: VariablePlace,
): Promise<Scope> {
  const { scope, problems } = place;
  const fromEnv = await readTexts(envTexts(declared, inputs.env), declared, place);
  const fromFiles = inputs.files.flatMap((file) => readFile(file, { declared, misdeclared }, place));
  const flags = Object.entries(inputs.vars).map(([name, text]) => ({ name, text, origin: `-var ${name}` }));
  for (const { name, origin } of flags)
    if (!declared.has(name) && !misdeclared.has(name)) problems.add(undeclared(name, declared, { source: { name: origin, text: "" } }));
  const fromFlags = await readTexts(
    flags.filter(({ name }) => declared.has(name)),
    declared,
    place,
  );
  const given = new Map<string, HclValue | undefined>([...fromEnv, ...fromFiles, ...fromFlags]);
  const failed = new Set(misdeclared);
  const values: Record<string, HclValue> = {};
  for (const variable of declared.values()) {
    const { name } = variable;
    const isWrong = given.has(name) && given.get(name) === undefined;
    const value = isWrong ? undefined : problems.attempt(() => pickValue(variable, given, place));
    if (value === undefined) failed.add(name);
    else values[name] = value;
  }
  return withFailed(withNames(scope, [["var", values]]), "var", failed);
}

interface GivenText {
  readonly name: string;
  readonly text: string;
  /** What messages call the place the text comes from. */
  readonly origin: string;
}

function envTexts(declared: Declared, env: VariableInputs["env"]): readonly GivenText[] {
  return [...declared.keys()].flatMap((name) => {
    const text = env[envPrefix + name];
    return text === undefined ? [] : [{ name, text, origin: envPrefix + name }];
  });
}

/** A text is the value itself for strings, numbers and untyped variables; for others it is an HCL expression (`nomad`). */
async function readTexts(texts: readonly GivenText[], declared: Declared, place: VariablePlace): Promise<readonly Given[]> {
  const values: Given[] = [];
  for (const given of texts) values.push([given.name, await place.problems.attemptLater(() => readText(given, declared, place))]);
  return values;
}

async function readText(given: GivenText, declared: Declared, place: VariablePlace): Promise<HclValue> {
  const source = { name: given.origin, text: `${given.name}=${given.text}` };
  const variable = declared.get(given.name);
  const type = variable?.type;
  const isPlain = type === undefined || type.kind === "string" || type.kind === "number";
  const value = isPlain ? composeTexts(given.text) : await parseValue(given.name, source, place);
  const fail = failAt({ source }, { line: 1, column: given.name.length + 2 }, "variable");
  return type === undefined ? value : convertVariable(value, type, { what: `variable "${given.name}"`, fail });
}

async function parseValue(name: string, source: SourceFile, at: Pick<VariablePlace, "parse" | "scope">): Promise<HclValue> {
  const body = await at.parse(source);
  const [attribute, ...others] = body.attributes;
  if (attribute?.name !== name || others.length > 0 || body.blocks.length > 0) {
    throw new JobFileError(`variable "${name}": the value must be one HCL expression`, {
      code: "variable",
      source,
      position: { line: 1, column: 1 },
    });
  }
  return evaluate(attribute.expression, createScope(source, { dialect: variableDialect, baseDir: at.scope.baseDir }));
}

function readFile(
  { source, body }: VariableFile,
  { declared, misdeclared }: { readonly declared: Declared; readonly misdeclared: ReadonlySet<string> },
  { scope: jobScope, problems }: VariablePlace,
): readonly Given[] {
  for (const { type, position } of body.blocks) {
    const message = `block ${type}: a variable file has only lines name = value; declare variables in the job file`;
    problems.add(failAt({ source }, position, "variable")(message));
  }
  const scope = createScope(source, { dialect: variableDialect, baseDir: jobScope.baseDir });
  return body.attributes
    .filter(({ name }) => !misdeclared.has(name))
    .map((attribute) => [attribute.name, problems.attempt(() => readAttribute(attribute, declared, scope))]);
}

function readAttribute(attribute: Attribute, declared: Declared, scope: Scope): HclValue {
  const variable = declared.get(attribute.name);
  if (variable === undefined) throw undeclared(attribute.name, declared, { source: scope.source, position: attribute.position });
  const value = evaluate(attribute.expression, scope);
  if (variable.type === undefined) return value;
  return convertVariable(value, variable.type, {
    what: `variable "${attribute.name}"`,
    fail: failAt(scope, attribute.position, "variable"),
  });
}

function undeclared(
  name: string,
  declared: Declared,
  at: { readonly source: SourceFile; readonly position?: DeclaredVariable["position"] },
): JobFileError {
  const known = declared.size === 0 ? "the job file declares none" : `declared are ${[...declared.keys()].join(", ")}`;
  return new JobFileError(`variable "${name}": the job file does not declare it; ${known}${suggestName(name, declared.keys())}`, {
    code: "variable",
    ...at,
  });
}

/** Undefined: it breaks a rule, which is told. */
function pickValue(
  variable: DeclaredVariable,
  given: ReadonlyMap<string, HclValue | undefined>,
  place: VariablePlace,
): HclValue | undefined {
  const { scope, problems } = place;
  const value = given.get(variable.name) ?? (given.has(variable.name) ? null : variable.fallback?.value);
  const fail = failAt(scope, variable.position, "variable");
  if (value === undefined) throw fail(`variable "${variable.name}": has no value; give one with -var ${variable.name}=… or a default`);
  const checked = variable.validations.map((validation) => problems.attempt(() => checkValue(value, { variable, validation }, scope)));
  return checked.includes(undefined) ? undefined : value;
}

/** True: the value keeps the rule. */
function checkValue(
  value: HclValue,
  { variable, validation }: { readonly variable: DeclaredVariable; readonly validation: VariableValidation },
  scope: Scope,
): true {
  const { condition, errorMessage, position } = validation;
  const inner = withNames(createScope(scope.source, { dialect: conditionDialect, baseDir: scope.baseDir }), [
    ["var", { [variable.name]: value }],
  ]);
  const holds = needBool(evaluate(condition, inner), "validation condition", failAt(scope, condition.position, "variable"));
  if (!holds) throw failAt(scope, position, "variable")(`variable "${variable.name}": ${errorMessage}`);
  return true;
}

// The whole language: text → syntax → values. It loads the parser and the functions; see values.ts for less.
export * from "./values.ts";
export { createHclParser, type ParseHcl } from "./parser/parse-hcl.ts";
export { isTemplateText, parseTemplateText } from "./parser/parse-template.ts";
export { loadWasm, type LoadWasm, type WasmAsset } from "./parser/wasm-assets.ts";
export type { Attribute, Block, Body, Expression } from "./syntax/expression.ts";
export { findNames } from "./syntax/find-names.ts";
export { findReferences } from "./syntax/find-references.ts";
export { toLowerText, toTitleText, toUpperText, trimBlanks } from "./value/go-text.ts";
export { placeAt } from "./value/position.ts";

export { evaluate } from "./evaluation/evaluate.ts";
export { evaluateBody } from "./evaluation/evaluate-body.ts";
export { evaluateOrReport } from "./evaluation/evaluate-or-report.ts";
export { needBool } from "./evaluation/operators.ts";
export { createScope, withFailed, withNames, type Dialect, type Scope } from "./evaluation/scope.ts";
export { functionNames, pureFunctionNames, unsupportedFunctionNames } from "./evaluation/functions/function-table.ts";
export { toValueType } from "./type/to-value-type.ts";
export { typeOfValue } from "./type/type-of-value.ts";

export type { Fail } from "./error/hcl-error.ts";
export { SourceError, toExcerpt, type SourceErrorOptions } from "./error/source-error.ts";

// Values, and what can be done with them without a parser. A plugin loads no more than this.
export * from "./value/hcl-value.ts";
export { toBool, toNumber, toText } from "./value/scalar.ts";
export { decimalOf, formatDecimal, numberOf, type Decimal } from "./value/decimal.ts";
export type { ConfigAttribute, ConfigBlock, ConfigBody, ConfigName, DynamicBlock } from "./value/config-body.ts";
export type { Position } from "./value/position.ts";
export { toLiteralSource } from "./value/literal-source.ts";
export { convertValue, type RefuseValue } from "./type/convert-value.ts";
export { readType } from "./type/read-type.ts";
export { describeType, type ValueType } from "./type/value-type.ts";
export { readConstant } from "./syntax/read-constant.ts";
export { HclError, type HclErrorCode } from "./error/hcl-error.ts";
export type { SourceFile } from "./error/source-error.ts";
export { suggestName } from "./error/nearest-name.ts";

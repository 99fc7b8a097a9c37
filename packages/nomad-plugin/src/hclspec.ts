/**
 * Nomad's hclspec as plain values: the description of a config block that a plugin sends and a host decodes
 * HCL against (protocol: `hclspec.Spec`).
 */
export type Spec =
  | { readonly kind: "object"; readonly attributes: Readonly<Record<string, Spec>> }
  | { readonly kind: "array"; readonly values: readonly Spec[] }
  /** `type` is an HCL type expression such as `list(map(string))`. */
  | { readonly kind: "attr"; readonly name: string; readonly type: string; readonly required: boolean }
  | { readonly kind: "block"; readonly name: string; readonly required: boolean; readonly nested: Spec }
  | { readonly kind: "block-attrs"; readonly name: string; readonly type: string; readonly required: boolean }
  | {
      readonly kind: "block-list" | "block-set";
      readonly name: string;
      readonly minItems: number;
      readonly maxItems: number;
      readonly nested: Spec;
    }
  | { readonly kind: "block-map"; readonly name: string; readonly labels: readonly string[]; readonly nested: Spec }
  | { readonly kind: "default"; readonly primary: Spec; readonly fallback: Spec }
  /** `value` is HCL source text: strings keep their quotes. */
  | { readonly kind: "literal"; readonly value: string };

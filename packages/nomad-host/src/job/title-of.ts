/** `task "web"`: a block as messages name it. */
export function titleOf(block: { readonly type: string; readonly labels: readonly string[] }): string {
  return [block.type, ...block.labels.map((label) => `"${label}"`)].join(" ");
}

/**
 * `<task>-<alloc id>`, the name the Go driver gives, so that scripts and `container:` references go on working.
 * Characters Podman refuses become `_`; a valid name is left alone (podman: `[a-zA-Z0-9][a-zA-Z0-9_.-]*`).
 */
export function toContainerName(taskName: string, allocId: string): string {
  return `${taskName}-${allocId}`.replace(/[^a-zA-Z0-9_.-]/g, "_").replace(/^[^a-zA-Z0-9]/, "t$&");
}

/** Something that a task asks for and that an operator may forbid. */
export type Wish =
  | { readonly kind: "privileged"; readonly key: string }
  | { readonly kind: "capability"; readonly key: string; readonly name: string }
  | { readonly kind: "namespace"; readonly key: string; readonly of: "pid" | "ipc" | "user" | "uts" | "network" | "cgroup"; readonly mode: string }
  /** `value`: as the job writes it. The path is absolute and normal. */
  | { readonly kind: "bind"; readonly key: string; readonly value: string; readonly hostPath: string }
  | { readonly kind: "volume"; readonly key: string; readonly value: string; readonly name: string }
  | { readonly kind: "device"; readonly key: string; readonly value: string; readonly hostPath: string }
  | { readonly kind: "cdi-device"; readonly key: string; readonly value: string; readonly name: string }
  | { readonly kind: "runtime"; readonly key: string; readonly name: string }
  | { readonly kind: "socket"; readonly key: string; readonly name: string };

/** A wish for something on the host that has a path. */
export type PathWish = Extract<Wish, { readonly hostPath: string }>;

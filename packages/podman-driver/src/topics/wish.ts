import type { NamespaceKind } from "../config/operator-policy.ts";

/** Something that a task asks for and that an operator may forbid. */
export type Wish =
  | { readonly kind: "privileged"; readonly key: string }
  | { readonly kind: "capability"; readonly key: string; readonly name: string }
  /** `what`: what of the task's confinement is lifted, in words. */
  | { readonly kind: "unconfined"; readonly key: string; readonly value: string; readonly what: string }
  /**
   * `mode` is `default` where the task sets none, and `task:name` for a container of its own allocation, however it is written;
   * `alike` are modes that it comes to as well.
   */
  | {
      readonly kind: "namespace";
      readonly key: string;
      readonly of: NamespaceKind;
      readonly mode: string;
      readonly alike?: readonly string[];
    }
  /**
   * `value`: as the job writes it. The path is absolute and normal. `isInside`: it must not lead out of the allocation's folder,
   * whatever the operator allows. `isLoose`: what Podman makes of it does not show where it led to,
   * as with the folders of an overlay, so that nobody can check it afterwards.
   */
  | {
      readonly kind: "bind";
      readonly key: string;
      readonly value: string;
      readonly hostPath: string;
      readonly isLoose?: boolean;
      readonly isInside?: boolean;
    }
  | { readonly kind: "volume"; readonly key: string; readonly value: string; readonly name: string }
  | { readonly kind: "device"; readonly key: string; readonly value: string; readonly hostPath: string }
  | { readonly kind: "cdi-device"; readonly key: string; readonly value: string; readonly name: string }
  | { readonly kind: "runtime"; readonly key: string; readonly name: string }
  | { readonly kind: "annotation"; readonly key: string; readonly name: string }
  /** An address that the client fetches an archive from, whole and without its query. */
  | { readonly kind: "image-url"; readonly key: string; readonly url: string }
  | { readonly kind: "socket"; readonly key: string; readonly name: string };

/** A wish for something on the host that has a path. */
export type PathWish = Extract<Wish, { readonly hostPath: string }>;

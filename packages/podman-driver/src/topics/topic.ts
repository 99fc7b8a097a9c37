import type { ContainerInspect, ContainerSpec } from "@driver/libpod";
import type { Fields, InferFields, TaskConfig } from "@driver/nomad-plugin";
import type { EngineFacts } from "../engine/engine-facts.ts";
import type { HostPort } from "../host/port-holder.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import type { ImageNeed } from "../image/image-need.ts";
import type { Met } from "./met.ts";
import type { GroupHosts } from "./group-hosts.ts";
import type { GroupPod } from "./group-pod.ts";
import type { Report } from "../config/report.ts";
import type { PathWish, Wish } from "./wish.ts";

/** What a topic is told besides its own keys. */
export interface Given {
  /** All that Nomad says of the task. */
  readonly task: TaskConfig;
  /** What the operator has set for every task. */
  readonly settings: TaskSettings;
  /** Whether the task asks to be privileged, which decides what other keys come to. */
  readonly isPrivileged: boolean;
  /** Takes every mistake; what is refused there need not make sense any more. */
  readonly report: Report;
  /** Notes what an operator may forbid. Whether he does is not the topic's business. */
  wish(wish: Wish): void;
}

/** What a plan is told besides what is wanted. */
export interface PlanContext {
  readonly task: TaskConfig;
  readonly settings: TaskSettings;
  readonly facts: EngineFacts;
  /** Name of the socket of the Podman service that runs the task. */
  readonly socketName: string;
  /** Fingerprint of the whole config. */
  readonly configHash: string;
  /** Takes what this engine cannot do. */
  readonly report: Report;
}

/** Something that must be there, or be looked at, before the container can be created. */
export type Need =
  | ImageNeed
  /** An image that is mounted; `key`: where the job asks for it. */
  | { readonly kind: "mount-image"; readonly key: string; readonly reference: string }
  /** A volume of Podman's, made if it is missing; `value`: as the job writes it. */
  | {
      readonly kind: "volume";
      readonly key: string;
      readonly value: unknown;
      readonly name: string;
      readonly driver: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly options: Readonly<Record<string, string>>;
    }
  /** A host path that a wish names, judged again as the kernel resolves it. `isJudged` false: it need only exist. */
  | { readonly kind: "path"; readonly wish: PathWish; readonly isJudged: boolean }
  | DeviceNeed
  /**
   * A namespace of another task of the allocation, in the container of that name; there once that task runs. `what`: the namespace,
   * in words.
   */
  | {
      readonly kind: "task-namespace";
      readonly key: string;
      readonly what: string;
      readonly taskName: string;
      readonly container: string;
    }
  /** The process that holds the group's network, which must be the one that Nomad was told of. */
  | { readonly kind: "group-network"; readonly pod: GroupPod }
  /** The hosts file of a group, with what the task asks for in it. `netnsPath`: the group's namespace. */
  | {
      readonly kind: "group-hosts";
      readonly path: string;
      readonly netnsPath: string;
      readonly allocId: string;
      readonly hosts: GroupHosts;
    };

/** What a host path must lead to, where this plugin sees it; `value`: as the job writes it. */
export interface DeviceNeed {
  readonly kind: "device";
  readonly key: string;
  readonly value: string;
  readonly path: string;
  /** `any`: a device of either sort, or a folder of them. */
  readonly sort: "block" | "any";
}

export type PathNeed = Extract<Need, { readonly kind: "path" }>;

/** What a failure of Podman's means for the job's author. */
export interface Explanation {
  /** Which key has led to it, and what would help. */
  readonly text: string;
  /** A port of the host that somebody else has. */
  readonly takenPort?: HostPort | undefined;
}

/** Something of the host that is mounted. */
export interface HostBind {
  /** As it is written. */
  readonly source: string;
  readonly destination: string;
}

/** A topic's part of the container's spec. Lists of all topics are joined, and no two may set one scalar. */
export interface SpecPart {
  readonly spec?: Partial<ContainerSpec>;
  /** What only shows when the needs are met. */
  readonly given?: (met: Met) => Partial<ContainerSpec>;
  /** Variables; a later topic's replaces an earlier's of the same name. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A topic's part of the container. */
export interface PlanPart extends SpecPart {
  /** What the part mounts of the host's files, for those who see to it that it is the right thing. */
  readonly binds?: readonly HostBind[];
  /** What the task's owner should know, for task events. */
  readonly notices?: readonly string[];
  readonly needs?: readonly Need[];
  /** What the task's owner should know of a failure of Podman's, from its words; undefined: they say all. */
  readonly explain?: (podmanText: string) => Explanation | undefined;
  /** True: Podman does not always do what is asked here, so what it made of it is looked at before the start. */
  readonly isVerified?: boolean;
}

/** A wish that Podman has not granted. */
export interface Shortfall {
  readonly key: string;
  /** What was asked for, and what came of it, in words for the job's author. */
  readonly wanted: string;
  readonly got: string;
  /** True: the task would be less isolated than it asks to be, so it does not run. False: its owner is told. */
  readonly isFatal: boolean;
}

/**
 * All that belongs to one subject of a task's config: its keys, what they come to, what that means for the container, and whether
 * the container is what was meant. All functions are pure.
 */
export interface Topic<F extends Fields, W> {
  /** How far a key takes effect stands in its line (`notYet`, `only`). */
  readonly fields: F;
  /** Checks and converts: durations in ms, sizes in bytes, references parsed. Never throws for what a job may write. */
  want(options: InferFields<F>, given: Given): W;
  plan(wanted: W, context: PlanContext): PlanPart;
  /** Compares what was wanted with the container that Podman has made; asked where the topic's part says `isVerified`. */
  verify?(wanted: W, made: ContainerInspect): readonly Shortfall[];
}

/** Lets TypeScript find the types of a topic from its fields. */
export function topic<const F extends Fields, W>(parts: Topic<F, W>): Topic<F, W> {
  return parts;
}

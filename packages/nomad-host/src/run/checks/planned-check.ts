import type { Service, ServiceCheck } from "../../job/job.ts";

/** A check of a service as it runs: its texts are filled in. */
export interface PlannedCheck extends ServiceCheck {
  /** The service's name. */
  readonly service: string;
  readonly provider: Service["provider"];
  /** The service's own address; empty: it has none. */
  readonly serviceAddress: string;
  /** The task whose service it is; undefined: it is the group's. */
  readonly ownerTask: string | undefined;
}

/** The words are Consul's; Nomad says success and failure, and has no warnings. */
export type CheckStatus = "pending" | "passing" | "warning" | "critical";

/** What one look at a service has come to. */
export interface CheckFinding {
  readonly status: Exclude<CheckStatus, "pending">;
  /** What a person should know of it, up to 3 KiB. */
  readonly output: string;
}

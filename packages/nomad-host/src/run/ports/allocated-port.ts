/** A port of a group, given out on this machine. */
export interface AllocatedPort {
  readonly label: string;
  readonly hostPort: number;
  /** Port inside the task; 0 means the same as `hostPort`. */
  readonly to: number;
  readonly hostIp: string;
}

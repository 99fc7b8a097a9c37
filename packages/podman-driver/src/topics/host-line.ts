/** A line of /etc/hosts. */
export interface HostLine {
  readonly name: string;
  /** An IP address without brackets, or `host-gateway`. */
  readonly address: string;
}

/** The address of the host, in a word. */
export const hostGateway = "host-gateway";

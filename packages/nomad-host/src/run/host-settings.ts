/** What a Nomad client's configuration says of its machine, as far as a job can ask for it. */
export interface HostSettings {
  /** Absolute paths of the host volumes, by name. */
  readonly volumes: ReadonlyMap<string, string>;
  /** The host networks beside `default`: the range that this machine's address lies in, as `10.0.0.0/8`, by name. */
  readonly networks: ReadonlyMap<string, string>;
}

export const noHostSettings: HostSettings = { volumes: new Map(), networks: new Map() };

/** netavark's own chains, the same for all networks of a host; those of a single network carry its hash. */
const baseChains = [
  "NETAVARK_FORWARD",
  "NETAVARK_INPUT",
  "NETAVARK_ISOLATION_1",
  "NETAVARK_ISOLATION_2",
  "NETAVARK_ISOLATION_3",
  "NETAVARK-HOSTPORT-DNAT",
  "NETAVARK-HOSTPORT-MASQ",
  "NETAVARK-HOSTPORT-SETMARK",
];

export interface CleanupWishes {
  /** First three numbers of a network whose rules are to go, such as `10.210.0`. */
  readonly prefix?: string;
  /** The chains that netavark made for its first network go with its last one. */
  readonly removesBase: boolean;
}

interface Table {
  readonly name: string;
  readonly chains: readonly string[];
  /** As `-A CHAIN …`. */
  readonly rules: readonly string[];
}

/** True when netavark has left its chains in what `iptables-save` printed. */
export function hasNetavarkChains(saved: string): boolean {
  return parseTables(saved).some(({ chains }) => chains.some((chain) => baseChains.includes(chain)));
}

/** What `iptables-restore --noflush` is to be given; empty: nothing is to be removed. */
export function planFirewallCleanup(saved: string, wishes: CleanupWishes): string {
  return parseTables(saved)
    .map((table) => planTable(table, wishes))
    .filter((lines) => lines.length > 2)
    .map((lines) => `${lines.join("\n")}\n`)
    .join("");
}

function planTable({ name, chains, rules }: Table, { prefix, removesBase }: CleanupWishes): string[] {
  const isOfNetwork = (rule: string): boolean => prefix !== undefined && rule.includes(` ${prefix}.`);
  const isOwn = (chain: string): boolean => chain.startsWith("NETAVARK-") && !baseChains.includes(chain);
  const networkChains = chains.filter((chain) => isOwn(chain) && rules.some((rule) => chainOf(rule) === chain && isOfNetwork(rule)));
  const othersUseBase = chains.some((chain) => isOwn(chain) && !networkChains.includes(chain));
  const gone = [...networkChains, ...(removesBase && !othersUseBase ? chains.filter((chain) => baseChains.includes(chain)) : [])];
  const isLoose = (rule: string): boolean => gone.includes(targetOf(rule)) || (isOfNetwork(rule) && chainOf(rule).startsWith("NETAVARK"));
  const loose = rules.filter((rule) => !gone.includes(chainOf(rule)) && isLoose(rule));
  return [
    `*${name}`,
    ...loose.map((rule) => rule.replace(/^-A/, "-D")),
    ...gone.map((chain) => `-F ${chain}`),
    ...gone.map((chain) => `-X ${chain}`),
    "COMMIT",
  ];
}

function parseTables(saved: string): Table[] {
  return saved.split(/^(?=\*)/m).flatMap((part) => {
    const lines = part.split("\n");
    const name = /^\*(\S+)/.exec(lines[0] ?? "")?.[1];
    if (name === undefined) return [];
    return [
      {
        name,
        chains: lines.filter((line) => line.startsWith(":")).map((line) => line.slice(1).split(" ")[0] ?? ""),
        rules: lines.filter((line) => line.startsWith("-A ")),
      },
    ];
  });
}

function chainOf(rule: string): string {
  return rule.split(" ")[1] ?? "";
}

function targetOf(rule: string): string {
  return /-[jg] (\S+)/.exec(rule)?.[1] ?? "";
}

/**
 * Turns Nomad's spelling of options (`-var x=1`, `-var=x=1`) into the usual one (`--var`), for the names in `known`
 * only. What follows `--` is left alone.
 */
export function toLongOptions(args: readonly string[], known: readonly string[]): string[] {
  const end = args.indexOf("--");
  return args.map((argument, index) => {
    const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(argument)?.[1];
    const isOption = name !== undefined && known.includes(name) && (end < 0 || index < end);
    return isOption ? `-${argument}` : argument;
  });
}

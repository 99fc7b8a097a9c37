import assert from "node:assert/strict";
import { test } from "node:test";

import { UsageError } from "../usage-error.ts";
import { parseRunArguments } from "./parse-run-arguments.ts";

const plain = {
  jobPath: "job.hcl",
  vars: {},
  varFiles: [],
  payloadPath: undefined,
  meta: {},
  isLaunchedNow: false,
  nomadVars: [],
  hostVolumes: {},
  hostNetworks: {},
  socket: undefined,
  pluginConfigPath: undefined,
  pluginPath: undefined,
  isJsonWanted: false,
  isCleaningWanted: false,
  isHelpWanted: false,
};

const cases: readonly (readonly [readonly string[], object])[] = [
  [["job.hcl"], {}],
  [["-var", "a=1", "--var", "b=2=3", "job.hcl"], { vars: { a: "1", b: "2=3" } }],
  [["job.hcl", "-var=a=", "--var=b=-x"], { vars: { a: "", b: "-x" } }],
  [["-var-file", "one", "--var-file=two", "job.hcl"], { varFiles: ["one", "two"] }],
  [
    ["--socket", "unix:///s", "-plugin-config=agent.hcl", "-plugin", "/p", "job.hcl"],
    { socket: "unix:///s", pluginConfigPath: "agent.hcl", pluginPath: "/p" },
  ],
  [["-host-volume", "data=/srv/a=b", "-host-volume=b=.", "job.hcl"], { hostVolumes: { data: "/srv/a=b", b: "." } }],
  [["-payload", "in.txt", "-meta", "a=1", "-meta=b=", "job.hcl"], { payloadPath: "in.txt", meta: { a: "1", b: "" } }],
  [["-nomad-var", "a/b=c=d", "--nomad-var=a=@f", "job.hcl"], { nomadVars: ["a/b=c=d", "a=@f"] }],
  [["-now", "job.hcl"], { isLaunchedNow: true }],
  [["-host-network", "lan=10.0.0.0/8", "job.hcl"], { hostNetworks: { lan: "10.0.0.0/8" } }],
  [["-json", "job.hcl"], { isJsonWanted: true }],
  [["-clean", "job.hcl"], { isCleaningWanted: true }],
  [["--", "-var"], { jobPath: "-var" }],
  [["-h"], { jobPath: "", isHelpWanted: true }],
  [["-help", "job.hcl"], { isHelpWanted: true }],
];

for (const [args, changes] of cases) {
  test(`run ${args.join(" ")}`, () => assert.deepEqual(parseRunArguments(args), { ...plain, ...changes }));
}

const refusals: readonly (readonly [readonly string[], RegExp])[] = [
  [[], /no job file given/],
  [["a", "b"], /one job file at a time, but "b" follows "a"/],
  [["-"], /a job is not read from stdin: give a file/],
  [["-x", "a"], /^run: unknown option "-x"; -h shows all there are$/],
  [["-var", "=1", "a"], /-var "=1" is not of the form name=value/],
  [["-meta", "data", "a"], /-meta "data" is not of the form name=value/],
  [["-host-volume", "data", "a"], /-host-volume "data" is not of the form name=path/],
  [["-host-network", "=x", "a"], /-host-network "=x" is not of the form name=cidr/],
  [["a", "-var"], /'--var <value>' argument missing/],
];

for (const [args, message] of refusals) {
  test(`refuses run ${args.join(" ")}`, () => {
    assert.throws(
      () => parseRunArguments(args),
      (error) => {
        assert(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadJob } from "../../src/index.ts";
import { createJobFolder, failureOf, jobText, loadText, plainOptions } from "./job-text.ts";

type Parts = Parameters<typeof jobText>[0];

/** Lines: 2 job, 3 in the job, 4 group, 5 in the group, 6 task, 7 driver, 8 in the task. */
const refused: readonly (readonly [parts: Parts, line: number, message: RegExp])[] = [
  [{ job: 'vault {\n policies = ["x"]\n}' }, 3, /^block vault in job "web": not supported: Vault is not available here/],
  [{ job: 'periodic {\n cron = "* * * * *"\n}' }, 3, /^block periodic: only batch and sysbatch jobs may have one, not a service job$/],
  [{ job: 'periodic {\n cron = "* * *"\n}' }, 4, /^periodic: the cron expression "\* \* \*" has 3 of at least five fields/],
  [{ job: "periodic {\n}" }, 3, /^periodic: cron is missing/],
  [{ job: 'periodic {\n cron = "@daily"\n crons = ["@hourly"]\n}' }, 5, /^periodic: cron and crons exclude each other$/],
  [{ job: 'periodic {\n crons = ["@daily", "0 0 * foo *"]\n}' }, 4, /"0 0 \* foo \*" has "foo" in its month field, which is none$/],
  [{ job: 'periodic {\n cron = "@daily"\n time_zone = "Mars/Base"\n}' }, 5, /^periodic: time_zone must be a name such as "Europe\/Berlin"/],
  [{ job: 'periodic {\n cron = "@daily"\n time_zone = "+02:00"\n}' }, 5, /^periodic: time_zone must be a name/],
  [{ job: 'periodic {\n cron = "@daily"\n time_zone = "PST"\n}' }, 5, /^periodic: time_zone must be a name .*, not "PST"$/],
  [{ job: 'periodic {\n cron = "@daily"\n time_zone = "localtime"\n}' }, 5, /^periodic: time_zone must be a name .*, not "localtime"$/],
  [{ job: 'periodic {\n cron = "0 22-6 * * *"\n}' }, 4, /has "22-6" in its hour field, which ends before it begins: Nomad takes it and/],
  [{ job: "parameterized {}" }, 3, /^block parameterized: only batch and sysbatch jobs may have one, not a service job$/],
  [{ job: 'parameterized {\n payload = "maybe"\n}' }, 4, /^parameterized: payload must be optional, required or forbidden, not "maybe"$/],
  [
    { job: 'parameterized {\n meta_required = ["a", "b"]\n meta_optional = ["b"]\n}' },
    5,
    /^parameterized: meta cannot be required and optional: b$/,
  ],
  [{ job: 'typo = "x"' }, 3, /^argument typo in job "web": unknown; did you mean "type"\?$/],
  [{ job: 'type = "cron"' }, 3, /^argument type in job "web": must be one of service, batch, system, sysbatch, not "cron"$/],
  [{ job: 'group = "x"' }, 3, /must be a block: write group \{ … \} without =/],
  [{ job: "resources {}" }, 3, /not allowed here; it belongs into a task block/],
  [{ group: 'volume "data" {\n type = "csi"\n}' }, 5, /^volume "data": not supported: type "csi"; only host volumes are$/],
  [{ group: 'volume "data" {\n type = "host"\n}' }, 5, /^volume "data": source is missing/],
  [{ group: "consul {}" }, 5, /^block consul in group "front": not supported: Consul/],
  [{ group: "service {\n connect {\n sidecar_service {}\n }\n}" }, 6, /^block connect in service: not supported/],
  [{ group: "count = -1" }, 5, /^argument count in group "front": must be a whole number from 0 on, not -1$/],
  [{ group: "count = 1.5" }, 5, /must be a whole number/],
  [{ group: 'network {\n port "a" { static = 70000 }\n}' }, 6, /must be a whole number up to 65535, not 70000/],
  [{ group: 'network {\n port "a" {}\n port "a" {}\n}' }, 7, /^port "a": declared already on line 6$/],
  [{ group: 'network {\n port "a" { static = 80 }\n port "b" { static = 80 }\n}' }, 7, /static port 80 is taken by port "a"/],
  [{ group: 'network {\n port "a\\u0007" {}\n}' }, 6, /label must not hold control characters$/],
  [{ group: 'network {\n port "a" {}\n}\nnetwork {\n port "a" {}\n}' }, 9, /^port "a": declared already on line 6$/],
  [{ group: 'network {\n hostname = "a..b"\n}' }, 6, /^argument hostname in network: must be a name such as "web"/],
  [
    { group: 'network {\n mode = "bridge"\n port "a" {\n static = 80\n ignore_collision = true\n}\n}' },
    7,
    /^port "a": ignore_collision has no place in network mode "bridge"$/,
  ],
  [{ group: "count = 50001" }, 2, /^job "web": 50001 copies of its groups are more than 50000$/],
  [{ group: 'scaling {\n max = 3\n type = "vertical_cpu"\n}' }, 7, /^scaling: the type of a group's is "horizontal", not "vertical_cpu"$/],
  [{ group: 'meta "x" {\n}' }, 5, /^block meta "x": takes no label$/],
  [{ job: "priority = 101" }, 3, /^argument priority in job "web": must be a whole number from 0 to 100, not 101$/],
  [{ task: 'scaling "disk" {\n max = 3\n}' }, 8, /^block scaling "disk": the label must be cpu or mem$/],
  [
    { task: 'scaling "mem" {\n max = 3\n}\nscaling "mem" {\n max = 3\n}' },
    11,
    /^block scaling "mem": task "server" has one already on line 8, and takes only one$/,
  ],
  [{ task: 'scaling "mem" {\n type = "x"\n}' }, 9, /^scaling "mem": its type is "vertical_mem", not "x"$/],
  [
    { task: 'dynamic "template" {\n for_each = []\n labels = ["x"]\n content {\n }\n}' },
    8,
    /^block dynamic "template": template blocks take no label, so labels has no place$/,
  ],
  [
    { group: 'network {\n dynamic "port" {\n for_each = []\n content {\n }\n }\n}' },
    6,
    /^block dynamic "port": labels must be a list of one/,
  ],
  [
    { task: 'dynamic "tmplate" {\n for_each = []\n content {\n }\n}' },
    8,
    /^block tmplate in task "server": unknown; did you mean "template"/,
  ],
  [{ group: 'restart {\n interval = "4s"\n}' }, 6, /^argument interval in restart: must be at least 5s$/],
  [
    { group: 'restart {\n attempts = 3\n delay = "30s"\n interval = "1m"\n}' },
    8,
    /^restart: 3 attempts with a delay of 30s do not fit into the interval of 60s$/,
  ],
  [{ group: "restart {\n attemps = 1\n}" }, 6, /unknown; did you mean "attempts"\?/],
  [{ group: 'shutdown_delay = "5 seconds"' }, 5, /must be a duration such as "30s"/],
  [{ group: "shutdown_delay = 5.5" }, 5, /must be a duration such as "30s" or "1h30m", not 5.5$/],
  [{ group: 'shutdown_delay = "-5s"' }, 5, /^argument shutdown_delay in group "front": must not be negative$/],
  [{ task: "artifact {\n}" }, 8, /^artifact: source is missing$/],
  [{ task: 'artifact {\n source = "https://x/y"\n mode = "folder"\n}' }, 10, /^artifact: mode must be any, file or dir, not "folder"$/],
  [{ task: 'artifact {\n source = "https://x/y"\n destination = "../../x"\n}' }, 10, /^artifact: the destination lies outside/],
  [
    { task: 'artifact {\n source = "https://x/y"\n options {\n checksum = "md5:12"\n }\n}' },
    8,
    /^artifact: the checksum must have 32 hexa/,
  ],
  [{ task: 'artifact {\n source = "https://x/y"\n options {\n checksum = "12"\n }\n}' }, 8, /^artifact: the checksum must be of the form/],
  [{ task: 'artifact {\n source = "https://x/y"\n options = {}\n}' }, 10, /must be a block: write options \{ … \} without =/],
  [{ task: 'identity {\n aud = ["vault.io"]\n}' }, 8, /^block identity: not supported: identities for other services need a Nomad server$/],
  [{ task: 'volume_mount {\n volume = "x"\n}' }, 8, /^volume_mount: destination is missing$/],
  [{ task: 'volume_mount {\n volume = "x"\n destination = "/x"\n}' }, 9, /^volume_mount: the group has no volume "x"$/],
  [{ task: 'dispatch_payload {\n file = "../../../x"\n}' }, 9, /^dispatch_payload: the file lies outside the allocation's folder$/],
  [{ task: 'resources {\n device "nvidia/gpu" {}\n}' }, 9, /^block device in resources: not supported/],
  [{ task: "resources {\n network {}\n}" }, 9, /ask for ports in the group's network block/],
  [{ task: "resources {\n cpu = 100\n cores = 1\n}" }, 10, /^resources: cpu and cores exclude each other$/],
  [{ task: 'kill_timeout = "2562048h"' }, 8, /must be a duration such as "30s"/],
  [{ task: 'kill_timeout = "11m"' }, 8, /^argument kill_timeout in task "server": must not be longer than the progress_deadline/],
  [{ job: 'constraint {\n attribute = "x"\n semver = "~> 1.2"\n}' }, 5, /^constraint: "~> 1.2" is no version range/],
  [{ job: 'constraint {\n attribute = "x"\n regexp = "(?=a)"\n}' }, 5, /^constraint: "\(\?=a\)" is no regular expression$/],
  [{ task: "resources {\n cpu = 0\n}" }, 9, /^resources: cpu must be at least 1, or cores$/],
  [{ task: "resources {\n cores = 0\n}" }, 9, /^resources: cpu must be at least 1, or cores$/],
  [{ task: "resources {\n memory = 100\n memory_max = 50\n}" }, 10, /50 is less than memory, 100/],
  [{ task: 'resources {\n memory = "256MB"\n}' }, 9, /must be a whole number from 10 on, not "256MB"/],
  [{ task: 'kill_signal = "SIGFOO"' }, 8, /^argument kill_signal in task "server": must be a signal such as "SIGTERM".*, not "SIGFOO"$/],
  [{ task: 'kill_signal = "SIGRTMAX+1"' }, 8, /must be a signal .*, not "SIGRTMAX\+1"$/],
  [{ task: "lifecycle {}" }, 8, /hook is missing/],
  [
    { task: 'template {\n destination = "x"\n data = "a\\n{{ envOrDefalt }}"\n}' },
    10,
    /^template, line 2 of its text: the function envOrDefalt is unknown; did you mean "envOrDefault"\?$/,
  ],
  [
    { task: 'template {\n destination = "x"\n data = "{{ key \\"a\\" }}"\n}' },
    10,
    /^template, line 1 of its text: key: Consul is not available here; give the value with -nomad-var/,
  ],
  [
    { task: 'template {\n destination = "x"\n data = "{{ with secret \\"a\\" }}{{ end }}"\n}' },
    10,
    /line 1 of its text: secret: Vault is not available here/,
  ],
  [{ task: 'template {\n destination = "x"\n data = "{{ if true }}"\n}' }, 10, /line 1 of its text: if has no end$/],
  [
    { task: 'template {\n destination = "x"\n data = "<% nope %>"\n left_delimiter = "<%"\n right_delimiter = "%>"\n}' },
    10,
    /the function nope is unknown/,
  ],
  [{ task: 'template {\n destination = "x"\n data = "y"\n source = "z"\n}' }, 11, /^template: data and source exclude each other$/],
  [
    { task: 'template {\n destination = "x"\n data = "y"\n change_mode = "signal"\n change_signal = "SIGFOO"\n}' },
    12,
    /^argument change_signal in template: must be a signal/,
  ],
  [{ task: 'template {\n data = "x"\n}' }, 8, /destination is missing/],
  [{ task: 'template {\n data = "x"\n destination = "y"\n perms = "rw"\n}' }, 11, /must be an octal mode/],
  [{ task: "env {\n nested {}\n}" }, 9, /^block nested in env: only arguments may stand here$/],
  [{ task: "env = {\n A = [1]\n}" }, 8, /^env A in task "server": must be a string, not a list$/],
  [{ task: 'config = "x"' }, 8, /must be a block: write config \{ … \} without =/],
  [{ task: 'config "label" {}' }, 8, /^block config "label": takes no label$/],
  [{ task: "logs {\n max_files = 0\n}" }, 9, /must be a whole number from 1 on, not 0$/],
  [{ task: 'driver "x" {}' }, 8, /must be an argument: write driver = …/],
  [{ task: 'dynamic "env" {}' }, 8, /^block dynamic "env": needs one content block, and no other$/],
  [{ task: "user = var.nobody" }, 8, /^variable "nobody": not declared/],
];

for (const [parts, line, message] of refused) {
  const text = Object.values(parts ?? {})
    .join(" ")
    .replace(/\s+/g, " ");
  test(`refuses ${text}`, async () => {
    const first = await failureOf(loadText(jobText(parts)));
    const all = [first, ...first.further];
    const error = all.find((other) => message.test(other.message));
    assert.ok(error, all.map((other) => other.message).join("\n"));
    assert.equal(error.position?.line, line);
    assert.match(error.excerpt, /\^$/);
  });
}

const wholeFiles: readonly (readonly [title: string, text: string, message: RegExp])[] = [
  ["a file without a job", "locals {\n  a = 1\n}\n", /^this is no job file: it has no job block$/],
  ["a driver configuration", 'plugin "x" {\n}\n', /^block plugin: unknown at the top of a job file/],
  ["a file with two jobs", 'job "a" {}\njob "b" {}\n', /one job only/],
  ["a job without group", 'job "a" {}\n', /has no group/],
  ["a group without task", 'job "a" {\n  group "g" {}\n}\n', /^group "g": has no task$/],
  ["a job without name", "job {\n}\n", /^block job: needs one label, its name/],
  [
    "a job name with spaces",
    'job "a b" {\n  group "g" {\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /must not be empty nor hold spaces/,
  ],
  ["a task without driver", 'job "a" {\n  group "g" {\n    task "t" {}\n  }\n}\n', /^task "t": driver is missing/],
  [
    "a task name with a slash",
    'job "a" {\n  group "g" {\n    task "a/b" {\n      driver = "x"\n    }\n  }\n}\n',
    /the name becomes a folder/,
  ],
  [
    "a task name with a control character",
    'job "a" {\n  group "g" {\n    task "a\\u001b[2J" {\n      driver = "x"\n    }\n  }\n}\n',
    /^task "a\\u001b\[2J": .* nor hold a slash or control characters$/,
  ],
  [
    "a group name with a control character",
    'job "a" {\n  group "\\u009b2J" {\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /^group ".*2J": its name must not be empty nor hold control characters$/,
  ],
  [
    "a job name with a control character",
    'job "a" {\n  name = "\\u0007"\n  group "g" {\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /^job "\\u0007": the name must not hold control characters$/,
  ],
  [
    "two tasks of one name",
    'job "a" {\n  group "g" {\n    task "t" {\n      driver = "x"\n    }\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /^task "t": declared already on line 3$/,
  ],
  [
    "two leaders",
    'job "a" {\n  group "g" {\n    task "t" {\n      driver = "x"\n      leader = true\n    }\n' +
      '    task "u" {\n      driver = "x"\n      leader = true\n    }\n  }\n}\n',
    /^task "u": only one task of a group can be its leader$/,
  ],
  [
    "two groups of one name",
    'job "a" {\n  task "g" {\n    driver = "x"\n  }\n  group "g" {\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /^group "g": declared already on line 2$/,
  ],
  [
    "a system job with a count",
    'job "a" {\n  type = "system"\n  group "g" {\n    count = 2\n    task "t" {\n      driver = "x"\n    }\n  }\n}\n',
    /count must be 0 or 1/,
  ],
  ["a job on one line", 'job "a" { group "g" { task "t" { driver = "x" } } }\n', /a block on one line cannot hold another block/],
  ["an empty file", " \n", /^the file is empty$/],
];

for (const [title, text, message] of wholeFiles) {
  test(`refuses ${title}`, async () => {
    const error = await failureOf(loadText(text));
    const all = [error, ...error.further].map((one) => one.message);
    assert.ok(
      all.some((one) => message.test(one)),
      all.join("\n"),
    );
  });
}

test("says what a path is that holds no job", async () => {
  await using folder = await createJobFolder();
  const binary = await folder.write("binary", new Uint8Array([0x7f, 0x45, 0, 1]));
  const latin = await folder.write("latin", new Uint8Array([0x61, 0xe9, 0x0a]));
  const huge = await folder.write("huge", new Uint8Array(5 * 1024 * 1024).fill(0x23));
  const messages = await Promise.all(
    [folder.path, `${folder.path}/none`, binary, latin, huge].map(async (path) => (await failureOf(loadJob(path, plainOptions))).format()),
  );
  assert.deepEqual(messages, [
    `${folder.path}: this is a directory, not a job file`,
    `${folder.path}/none: read the file: there is no such file`,
    `${binary}: this is a binary file, not a job file`,
    `${latin}: the file is not UTF-8 text`,
    `${huge}: the file is larger than 4 MiB, so it is no job file`,
  ]);
});

test("takes a byte order mark where Nomad does: before HCL, not before JSON", async () => {
  await using folder = await createJobFolder();
  const marked = (text: string) => `\ufeff${text}`;
  const hcl = await loadJob(await folder.write("a.hcl", marked(jobText())), plainOptions);
  assert.equal(hcl.id, "web");
  const vars = await folder.write("a.vars.hcl", marked('a = "x"'));
  const withVariable = await folder.write("b.hcl", jobText({ top: 'variable "a" {}' }));
  assert.equal((await loadJob(withVariable, { ...plainOptions, varFiles: [vars] })).id, "web");
  const problem = "the file begins with a byte order mark, which Nomad does not read here; save it as UTF-8 without one";
  const job = '{"ID": "a", "TaskGroups": []}';
  for (const name of ["a.json", "a.nomad"])
    assert.equal((await failureOf(loadJob(await folder.write(name, marked(job)), plainOptions))).message, problem);
  const jsonVars = await folder.write("a.vars.json", marked('{"a": "x"}'));
  assert.equal((await failureOf(loadJob(withVariable, { ...plainOptions, varFiles: [jsonVars] }))).message, problem);
});

test("a template that asks for what is elsewhere is not called wrong", async () => {
  const codeOf = async (action: string) => {
    const data = `data = ${JSON.stringify(`{{ ${action} }}`)}`;
    return (await failureOf(loadText(jobText({ task: `template {\n destination = "x"\n ${data}\n}` })))).code;
  };
  const foreign = ['key "a"', 'secret "a"', 'service "a"', 'plugin "a"', "toYAML 1", 'sockaddr "x"', 'sprig_upper "x"'];
  assert.deepEqual(new Set(await Promise.all(foreign.map(codeOf))), new Set(["unsupported"]));
  assert.deepEqual(await Promise.all(["nope 1", "if"].map(codeOf)), ["invalid", "invalid"]);
});

test("a port in a task's resources is refused once, and not missed by its service", async () => {
  const service = 'service {\n port = "http"\n check {\n type = "tcp"\n interval = "9s"\n timeout = "2s"\n port = "PORT"\n }\n}';
  const resources = 'resources {\n network {\n port "http" {}\n }\n}';
  const problemsOf = async (port: string) => {
    const error = await failureOf(loadText(jobText({ task: `${service.replace("PORT", port)}\n${resources}` })));
    return [error, ...error.further].map(({ code, message }) => `${code} ${message}`);
  };
  const refusal = "unsupported block network in resources: not supported: ask for ports in the group's network block";
  assert.deepEqual(await problemsOf("http"), [refusal]);
  assert.deepEqual(await problemsOf("nope"), ['invalid check: the group\'s network has no port "nope"', refusal]);
});

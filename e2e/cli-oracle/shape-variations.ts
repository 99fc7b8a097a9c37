/** Parts of jobs about labels, repetitions, dynamic blocks and values, in the shorthand of job-variations.ts. */
const checkBody = 'type = "tcp" ;; port = "http" ;; interval = "5s" ;; timeout = "1s"';

const httpBody = 'type = "http" ;; path = "/" ;; interval = "5s" ;; timeout = "1s"';

/** Blocks of a group, by type, with a body that is right. */
const groupBlocks: Readonly<Record<string, string>> = {
  constraint: 'attribute = "a" ;; value = "b"',
  disconnect: 'lost_after = "1h"',
  ephemeral_disk: "size = 300",
  meta: 'a = "x"',
  migrate: "max_parallel = 1",
  network: "",
  reschedule: "unlimited = true ;; attempts = 0",
  restart: "attempts = 1",
  scaling: "max = 3",
  service: 'name = "x"',
  spread: 'attribute = "a"',
  update: "max_parallel = 1",
};

const taskBlocks: Readonly<Record<string, string>> = {
  artifact: 'source = "https://example.test/x"',
  env: 'a = "x"',
  identity: "env = true",
  lifecycle: 'hook = "poststop"',
  logs: "max_files = 3",
  meta: 'a = "x"',
  resources: "cpu = 100",
  restart: "attempts = 1",
  template: 'data = "x" ;; destination = "local/x"',
};

function inShapes([type, body]: readonly [string, string]): readonly string[] {
  const dynamic = (settings: string) => `dynamic "${type}" {| ${settings} ;; content {| ${body} |} |}`;
  return [
    `${type} "label" {| ${body} |}`,
    `${type} {| ${body} |} ${type} {| ${body} |}`,
    `${type} = {| ${body} |}`,
    dynamic('for_each = ["a"]'),
    dynamic('for_each = ["a"] ;; labels = ["x"]'),
    dynamic('for_each = [] ;; labels = ["x"]'),
  ];
}

export const groupShapes = [
  ...Object.entries(groupBlocks).flatMap(inShapes),
  'network {| dynamic "port" {| for_each = ["a"] ;; labels = [port.value] ;; content {| to = 80 |} |} |}',
  'network {| dynamic "port" {| for_each = ["a"] ;; content {| to = 80 |} |} |}',
  'network {| dynamic "port" {| for_each = [] ;; content {| to = 80 |} |} |}',
  'network {| dynamic "port" {| for_each = ["a"] ;; labels = ["x", "y"] ;; content {| to = 80 |} |} |}',
  'network {| dynamic "port" {| for_each = [["a"]] ;; labels = port.value ;; content {| to = 80 |} |} |}',
  'network {| dynamic "prot" {| for_each = [] ;; content {| |} |} |}',
  'dynamic "tmplate" {| for_each = [] ;; content {| |} |}',
  'network {| port "a" {| |} |} network {| mode = "bridge" ;; port "b" {| |} |}',
  'network {| port "a" {| |} |} network {| port "a" {| |} |}',
  'network {| port "a" {| static = 80 |} |} network {| port "b" {| static = 80 |} |}',
  'network {| port "http" {| |} |} network {| dns "x" {| servers = ["1.1.1.1"] |} |}',
  `network {| |} network {| port "http" {| |} |} service {| name = "x" ;; port = "http" ;; check {| ${checkBody} |} |}`,
  'network {| mode = "none" ;; hostname = "x" ;; port "a" {| |} |}',
  'network {| hostname = "x" |}',
  'network {| mode = "bridge" ;; hostname = "a_b.example." |}',
  'network {| mode = "bridge" ;; hostname = "a..b" |}',
  `network {| mode = "bridge" ;; hostname = "${"a".repeat(64)}" |}`,
  'network {| mode = "bridge" ;; hostname = "${NOMAD_JOB_NAME}..x" |}',
  'network {| mode = "bridge" ;; port "a" {| static = 80 ;; ignore_collision = true |} |}',
  'network {| dns {| servers = ["nope", "", "1.1.1.1:53"] |} |}',
  'scaling {| max = 3 ;; type = "horizontal" |}',
  'scaling {| max = 3 ;; type = "vertical_cpu" |}',
  'scaling "cpu" {| max = 3 |}',
  'scaling {| max = 3 ;; policy "x" {| a = 1 |} |}',
  `service {| name = "x" ;; meta "y" {| a = 1 |} |}`,
  `service {| name = "x" ;; check "y" {| ${checkBody} |} |}`,
  ...["mode", "hostname"].map((name) => `network {| ${name} = null |}`),
  ...["static", "to", "host_network"].map((name) => `network {| port "a" {| ${name} = null |} |}`),
  ...["name", "port", "provider", "on_update", "tags", "task"].map((name) => `service {| ${name} = null |}`),
  ...["name", "path", "interval", "args", "body"].map((name) => `service {| name = "x" ;; check {| ${name} = null ;; ${checkBody} |} |}`),
  'volume "data" {| type = "host" ;; source = "s" ;; read_only = null |}',
  "spread {| attribute = null |}",
  ...['"x"', '["x"]', "[null]", "null", "[1]", '[["x"]]', "[]", "1", '{ b = "c" }'].map(
    (value) =>
      `network {| port "h" {| |} |} service {| name = "x" ;; port = "h" ;; check {| ${httpBody} ;; header {| A = ${value} |} |} |}`,
  ),
  `network {| port "h" {| |} |} service {| name = "x" ;; port = "h" ;; check {| ${httpBody} ;; header {| B {| |} |} |} |}`,
  "restart {| attempts = null ;; mode = null |}",
  // Their delays wrap in 64 bits.
  ...[2147483647, 2147483648, 614891470, 1000000, 10000000000].map((attempts) => `restart {| attempts = ${attempts} |}`),
  'network {| port "" {| to = 80 |} |}',
  'disconnect {| reconcile = "" ;; lost_after = "1h" |}',
  "count = 50000",
  "count = 50001",
  'task "other" {| driver = "x" |} task "third" {| driver = "x" |}',
];

const versions = [
  ...["5s", "1.2beta", "1.2-beta", "v1", "99999999999999999999", "1.x"],
  ...["~> 1.2", "1.2.3-", "1.2.3-01", "1.2.3+", "1.2.3-b.1+x", "> 1,", "!= 1"],
];

export const taskShapes = [
  ...Object.entries(taskBlocks).flatMap(inShapes),
  ...["", '"x"', '"cpu"', '"mem"', '"vertical_cpu"', '"cpu" "mem"'].map((labels) => `scaling ${labels} {| max = 3 |}`),
  'scaling "mem" {| max = 3 |} scaling "mem" {| max = 4 |}',
  'scaling "mem" {| max = 3 |} scaling "cpu" {| max = 4 |}',
  'scaling "mem" {| max = 3 ;; type = "vertical_mem" |}',
  'scaling "mem" {| max = 3 ;; type = "vertical_cpu" |}',
  'scaling "cpu" {| min = 3 ;; max = 2 |}',
  'dynamic "scaling" {| for_each = ["cpu", "mem"] ;; labels = [scaling.value] ;; content {| max = 3 |} |}',
  'dynamic "scaling" {| for_each = ["cpu", "cpu"] ;; labels = [scaling.value] ;; content {| max = 3 |} |}',
  'dynamic "template" {| for_each = ["a"] ;; labels = [] ;; content {| data = "x" ;; destination = "local/x" |} |}',
  'artifact {| source = "https://example.test/x" ;; options "y" {| a = 1 |} |}',
  ...["prestart", "poststart", "poststop"].map((hook) => `lifecycle {| hook = "${hook}" ;; sidecar = true |}`),
  ...["driver", "user", "leader", "kill_signal"].map((name) => `${name} = null`),
  ...["SIGTERM", "TERM", "15", "SIGRTMIN+3", "NOPE", "SIGNULL"].map((name) => `kill_signal = "${name}"`),
  "lifecycle {| hook = null |}",
  ...["9223372036854775807ns", "9223372036854775808ns", "2562048h", "99999999999999999999s", "+0", "-0"].map(
    (time) => `kill_timeout = "${time}"`,
  ),
  'artifact {| source = "https://example.test/x" ;; chown = null ;; mode = null |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = null ;; env = null ;; splay = null |}',
  "resources {| cpu = null ;; memory = null |}",
  "resources {| cpu = 0 ;; cores = 2 |}",
  "resources {| cpu = 200 ;; cores = 0 |}",
  "resources {| cores = 0 |}",
  "resources {| iops = -1 |}",
  "resources {| disk = -1 |}",
  'volume_mount {| volume = "" ;; destination = "/x" |}',
  "identity {| env = null |}",
  ...versions.flatMap((version) => [
    `constraint {| attribute = "x" ;; version = "${version}" |}`,
    `constraint {| attribute = "x" ;; semver = "${version}" |}`,
  ]),
  ...["18446744073709551615", "18446744073709551616", "01", "0", "+1"].map(
    (count) => `constraint {| attribute = "x" ;; operator = "distinct_property" ;; value = "${count}" |}`,
  ),
  "env {| A = 1/0 ;; B = -1/0 ;; C = 5 % 0 |}",
  "env {| A = 0/0 |}",
  "kill_timeout = 1/0",
  "resources {| cpu = 1/0 |}",
];

/** Of jobs of the type service. */
export const serviceShapes = [
  'update {| stagger = "100ns" |}',
  ...["nomad", "consul"].flatMap((provider) =>
    ["", "default", "x"].map(
      (cluster) => `group "g" {| task "t" {| driver = "x" ;; service {| provider = "${provider}" ;; cluster = "${cluster}" |} |} |}`,
    ),
  ),
  'update {| progress_deadline = "1m" |} task "alone" {| driver = "x" |}',
  'task "alone" {| driver = "x" ;; kill_timeout = "11m" |}',
];

/** How long a task may take to stop, beside how long it may take to be healthy: for jobs of the type service. */
export const deadlineShapes: readonly (readonly [job: string, group: string, task: string])[] = [
  ["", "", 'kill_timeout = "10m"'],
  ["", "", 'kill_timeout = "11m"'],
  ["", 'update {| progress_deadline = "0s" |}', 'kill_timeout = "11m"'],
  ["", 'update {| progress_deadline = "1m" ;; healthy_deadline = "30s" |}', 'kill_timeout = "2m"'],
  ['update {| progress_deadline = "1m" ;; healthy_deadline = "30s" |}', "", 'kill_timeout = "2m"'],
  ['update {| progress_deadline = "1m" ;; healthy_deadline = "30s" |}', 'update {| progress_deadline = "9m" |}', 'kill_timeout = "2m"'],
  ["update {| max_parallel = 0 |}", "", 'kill_timeout = "11m"'],
];

export const jobShapes = [
  ...["Local", "local", "EST5EDT"].map((zone) => `periodic {| cron = "@daily" ;; time_zone = "${zone}" |}`),
  ...["region", "namespace", "node_pool", "name", "id"].map((name) => `${name} = ""`),
  "priority = 100",
  "priority = -1",
  "priority = 32767",
  "meta {| a = 1/0 |}",
  'meta "x" {| a = 1 |}',
  'ui {| link "x" {| label = "a" ;; url = "b" |} |}',
  'dynamic "group" {| for_each = ["a"] ;; labels = [group.value] ;; content {| task "t" {| driver = "x" |} |} |}',
  'dynamic "group" {| for_each = ["a"] ;; content {| task "t" {| driver = "x" |} |} |}',
  'task "alone" {| driver = "x" ;; lifecycle {| hook = "poststop" |} |}',
];

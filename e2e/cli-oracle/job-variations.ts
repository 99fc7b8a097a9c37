import fc from "fast-check";

import { artifactParts, launchParts, payloadParts, templateParts, volumeParts } from "./host-variations.ts";
import { jsonVariations } from "./json-variations.ts";
import { checks, serviceBodies } from "./service-variations.ts";
import { deadlineShapes, groupShapes, jobShapes, serviceShapes, taskShapes } from "./shape-variations.ts";

/** A job as a file: one group with one task, and the parts of interest put into it. */
export interface Variation {
  readonly name: string;
  readonly text: string;
  /** Absent: HCL. */
  readonly format?: "hcl" | "json";
}

type Level = "job" | "group" | "task" | "top";

function toText(parts: Partial<Record<Level, string>>, type: string): string {
  return `${parts.top ?? ""}
job "web" {
  type = "${type}"
  ${parts.job ?? ""}
  group "front" {
    ${parts.group ?? ""}
    task "server" {
      driver = "podman"
      config {
        image = "localhost/busybox:1"
      }
      ${parts.task ?? ""}
    }
  }
}
`;
}

/** `type { a; b }` on one line in the tables below stands for a block over several. */
export function unfold(text: string): string {
  return text
    .replaceAll(/ *\{\| */g, " {\n")
    .replaceAll(/ *\|\} */g, "\n}\n")
    .replaceAll(/ *;; */g, "\n");
}

function vary(level: Level, texts: readonly string[], types: readonly string[] = ["service"]): readonly Variation[] {
  return texts.flatMap((text) =>
    types.map((type) => ({ name: `${type} ${level}: ${text}`, text: toText({ [level]: unfold(text) }, type) })),
  );
}

const allTypes = ["service", "batch", "system", "sysbatch"];

const rollouts = [
  "update {| max_parallel = 1 |}",
  "update {| max_parallel = 0 |}",
  "migrate {| max_parallel = 1 |}",
  "reschedule {| attempts = 1 |}",
  "reschedule {| unlimited = true ;; attempts = 0 |}",
];

const updates = [
  'health_check = "nope"',
  "max_parallel = -1",
  "canary = -1",
  "auto_promote = true",
  "auto_promote = true ;; canary = 1",
  'min_healthy_time = "10m"',
  'healthy_deadline = "0s"',
  'healthy_deadline = "20m"',
  'healthy_deadline = "20m" ;; progress_deadline = "0s"',
  'progress_deadline = "-1s"',
  'stagger = "0s"',
  "min_healthy_time = 5000000000",
  'min_healthy_time = "5"',
  "min_healthy_time = true",
  'max_parallel = "2"',
  "max_parallel = 1.5",
  'auto_revert = "yes"',
  'nope = "x"',
].map((inner) => `update {| ${inner} |}`);

const migrates = ['health_check = "manual"', "max_parallel = -1", 'min_healthy_time = "10m"', 'healthy_deadline = "-1s"'].map(
  (inner) => `migrate {| ${inner} |}`,
);

const reschedules = [
  "attempts = 3",
  "attempts = 3 ;; unlimited = false",
  'attempts = 3 ;; unlimited = false ;; interval = "1h"',
  'attempts = 3 ;; unlimited = false ;; interval = "10s"',
  'attempts = 9 ;; unlimited = false ;; interval = "1m" ;; delay = "10s" ;; delay_function = "constant"',
  'attempts = 5 ;; unlimited = false ;; interval = "5m" ;; delay = "10s" ;; delay_function = "exponential" ;; max_delay = "1m"',
  'attempts = 4 ;; unlimited = false ;; interval = "5m" ;; delay = "10s" ;; delay_function = "exponential" ;; max_delay = "1m"',
  'attempts = 9 ;; unlimited = false ;; interval = "10m" ;; delay = "10s" ;; delay_function = "fibonacci" ;; max_delay = "1m"',
  'attempts = 6 ;; unlimited = false ;; interval = "10m" ;; delay = "10s" ;; delay_function = "fibonacci" ;; max_delay = "1m"',
  'delay = "1s"',
  'delay_function = "linear"',
  'max_delay = "1s"',
  'max_delay = "10s"',
  'attempts = 0 ;; unlimited = false ;; delay = "1s"',
].map((inner) => `reschedule {| ${inner} |}`);

const constraints = [
  "",
  'attribute = "${attr.kernel.name}" ;; value = "linux"',
  'attribute = "${attr.kernel.name}"',
  'attribute = "${attr.kernel.name}" ;; operator = "equals" ;; value = "linux"',
  'attribute = "x" ;; operator = "=" ;; value = ""',
  'value = "linux"',
  'attribute = "x" ;; operator = "regexp" ;; value = "(("',
  'attribute = "x" ;; operator = "regexp" ;; value = "(?i)^(?P<a>x|y)$"',
  'attribute = "x" ;; regexp = "["',
  'attribute = "x" ;; operator = "version" ;; value = "nope"',
  'attribute = "x" ;; operator = "version" ;; value = ">= 1.2, < 2.0"',
  'attribute = "x" ;; version = "> 0.1.0-beta1"',
  'attribute = "x" ;; semver = ">= 1.0.0"',
  'attribute = "x" ;; operator = "set_contains"',
  'attribute = "x" ;; set_contains = "a,b"',
  'attribute = "x" ;; set_contains_all = "a,b"',
  'attribute = "x" ;; operator = "set_contains_any" ;; value = "a"',
  'operator = "distinct_hosts"',
  "distinct_hosts = true",
  'distinct_hosts = "true"',
  'distinct_hosts = "maybe"',
  'distinct_property = "${meta.rack}"',
  'distinct_property = "${meta.rack}" ;; value = "2"',
  'distinct_property = "${meta.rack}" ;; value = "0"',
  'operator = "distinct_property"',
  'attribute = "x" ;; operator = "is_set"',
  'attribute = "x" ;; operator = "is_set" ;; value = "1"',
  'attribute = "x" ;; operator = "is_not_set"',
  'operator = "is_set"',
  'attribute = "x" ;; operator = "not" ;; value = "1"',
  'attribute = "x" ;; operator = "like" ;; value = "1"',
  'attribut = "x"',
  "attribute = [1] ;; value = 1",
  "attribute = foo.bar ;; value = 1",
].map((inner) => `constraint {| ${inner} |}`);

const affinities = [
  'attribute = "${node.datacenter}" ;; value = "dc1"',
  'attribute = "x" ;; value = "y" ;; weight = 0',
  'attribute = "x" ;; value = "y" ;; weight = 101',
  'attribute = "x" ;; value = "y" ;; weight = -100',
  'attribute = "x" ;; value = "y" ;; weight = 1.5',
  'value = "y"',
  'attribute = "x" ;; version = ">= 1"',
  'attribute = "x" ;; regexp = "("',
  'attribute = "x" ;; operator = "distinct_hosts" ;; value = "y"',
  'attribute = "x" ;; operator = "set_contains_any"',
  'attribute = "${memory.totalbytes}" ;; operator = ">=" ;; value = "500000000" ;; weight = 50',
].map((inner) => `affinity {| ${inner} |}`);

const spreads = [
  'attribute = "x"',
  "weight = 50",
  'attribute = "x" ;; weight = 0',
  'attribute = "x" ;; weight = 101',
  'attribute = "x" ;; target "a" {| percent = 60 |} target "b" {| percent = 50 |}',
  'attribute = "x" ;; target "a" {| percent = 60 |} target "a" {| percent = 10 |}',
  'attribute = "x" ;; target "a" {| percent = 101 |}',
  'attribute = "x" ;; target {| percent = 10 |}',
].map((inner) => `spread {| ${inner} |}`);

const network = 'network {| port "http" {| to = 80 |} |}';
const withChecks = (provider: string) =>
  checks.map((inner) => `service {| name = "web" ;; provider = "${provider}" ;; check {| ${inner} |} |}`);

const taskParts = [
  'kill_timeout = "5s"',
  "kill_timeout = 5000000000",
  "kill_timeout = 0",
  "kill_timeout = 1.5",
  'kill_timeout = "5"',
  'kill_timeout = "-5s"',
  "kill_timeout = null",
  'shutdown_delay = "-5s"',
  "shutdown_delay = [1]",
  'leader = "true"',
  'leader = "1"',
  'leader = "yes"',
  "user = 1000",
  "user = nope",
  "user = [1]",
  'env = {| "a-b" = 1 |}',
  "env = {| A = [1] |}",
  "env {| A = null |}",
  "env {| A = nope.x |}",
  'meta = "x"',
  'restart {| attempts = 10 ;; interval = "30s" ;; delay = "25s" |}',
  'restart {| interval = "1s" |}',
  'restart {| attempts = 0 ;; mode = "delay" |}',
  'restart {| mode = "nope" |}',
  'restart {| attempts = "3" |}',
  "restart {| attempts = -1 |}",
  "restart {| render_templates = true |}",
  "resources {| cpu = 0 |}",
  "resources {| memory = 9 |}",
  "resources {| cpu = 100 ;; cores = 1 |}",
  "resources {| memory = 100 ;; memory_max = 50 |}",
  "resources {| memory = 100 ;; memory_max = -1 |}",
  'resources {| memory = "100" |}',
  'resources {| memory = "100MB" |}',
  "resources {| cpu = 100.5 |}",
  "resources {| iops = 1 ;; disk = 1 |}",
  "logs {| max_files = 0 |}",
  "logs {| max_file_size = 0 |}",
  "logs {| max_files = 30 ;; max_file_size = 10 |}",
  "logs {| max_files = 29 ;; max_file_size = 10 |}",
  "logs {| disabled = true |}",
  "logs {| enabled = true |}",
  'lifecycle {| hook = "prestart" |}',
  'lifecycle {| hook = "nope" |}',
  "lifecycle {| |}",
  'template {| data = "x" ;; destination = "local/x" |}',
  'template {| data = "" ;; destination = "local/x" |}',
  'template {| data = "x" |}',
  'template {| destination = "local/x" |}',
  'template {| data = "x" ;; destination = "env" ;; env = true |}',
  'template {| data = "x" ;; destination = "/etc/x" |}',
  'template {| data = "x" ;; destination = "../x" |}',
  'template {| data = "x" ;; destination = "../../x" |}',
  'template {| data = "x" ;; destination = "local/../../../x" |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "reload" |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "signal" |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "signal" ;; change_signal = "SIGHUP" |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "signal" ;; change_signal = "SIGHUP" ;; env = true |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "script" |}',
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "script" ;; change_script {| command = "x" |} |}',
  'template {| data = "x" ;; destination = "local/x" ;; splay = "-1s" |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = "rw" |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = "7777" |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = "17777" |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = "6" |}',
  'template {| data = "x" ;; destination = "local/x" ;; perms = "" |}',
  'template {| data = "x" ;; destination = "local/x" ;; wait {| min = "5s" ;; max = "2s" |} |}',
  'template {| data = "x" ;; destination = "local/x" ;; wait {| min = "1s" ;; max = "2s" |} |}',
  'template {| data = "x" ;; destination = "local/x" |} template {| data = "y" ;; destination = "local/x" |}',
  "identity {| env = true |}",
  'identity {| ttl = "1h" |}',
  'identity {| change_mode = "nope" |}',
  'identity {| change_mode = "signal" |}',
  'identity {| change_signal = "SIGHUP" |}',
  'identity {| filepath = "x" |}',
  "identity {| env = true |} identity {| file = true |}",
  'scaling "cpu" {| min = 1 ;; max = 2 ;; policy {| x = 1 |} |}',
  "config {| x = 1 |}",
  'driver = "docker"',
  'lifecycle {| hook = "poststop" ;; sidecar = true |}',
];

const groupParts = [
  "count = -1",
  "count = 0",
  "count = null",
  'count = "2"',
  "count = 1.5",
  'shutdown_delay = "-1s"',
  "ephemeral_disk {| size = 9 |}",
  "ephemeral_disk {| size = 100 |}",
  "ephemeral_disk {| size = 101 |}",
  'restart {| attempts = 10 ;; interval = "30s" ;; delay = "25s" |}',
  'restart {| interval = "1s" |}',
  'restart {| attempts = 0 ;; mode = "delay" |}',
  'restart {| attempts = 0 ;; mode = "fail" |}',
  'restart {| delay = "-1s" |}',
  'network {| port "a" {| to = -2 |} |}',
  'network {| port "a" {| to = -1 |} |}',
  'network {| port "a" {| static = 70000 |} |}',
  'network {| port "a" {| static = -1 |} |}',
  'network {| port "a" {| static = 80 |} port "b" {| static = 80 |} |}',
  'network {| port "a" {| static = 80 |} port "b" {| static = 80 ;; ignore_collision = true |} |}',
  'network {| port "a" {| |} port "a" {| |} |}',
  'network {| port "a b" {| |} |}',
  'network {| port "a.b" {| |} |}',
  'network {| mode = "none" |}',
  'network {| mode = "nope" |}',
  'network {| mode = "cni/x" |}',
  'network {| mode = "" |}',
  "network {| mbits = 10 |}",
  'network {| dns {| servers = "x" |} |}',
  'disconnect {| lost_after = "6h" |}',
  'disconnect {| lost_after = "-6h" |}',
  'disconnect {| lost_after = "6h" ;; stop_on_client_after = "1h" |}',
  'disconnect {| stop_on_client_after = "-1h" |}',
  'disconnect {| reconcile = "nope" |}',
  "scaling {| max = 5 |}",
  "scaling {| min = 2 ;; max = 5 |}",
  "count = 6 ;; scaling {| max = 5 |}",
  "count = 1 ;; scaling {| min = 2 ;; max = 5 |}",
  "scaling {| min = 1 |}",
  "scaling {| min = -1 ;; max = 5 |}",
  'scaling {| max = 5 ;; policy {| cooldown = "1m" ;; check "x" {| source = "y" |} |} |}',
  "service {| |}",
  'service {| name = "a" |} service {| name = "a" |}',
  'service {| name = "a" |} service {| name = "b" ;; provider = "nomad" |}',
  'service {| name = "a" ;; connect {| native = true |} |}',
  "max_client_disconnect = 5",
  'stop_after_client_disconnect = "x"',
  'prevent_reschedule_on_lost = "x"',
  'meta = "x"',
  "nope = 1",
  'constraint = "linux"',
  'task "server" {| driver = "x" |}',
];

const jobParts = [
  "priority = 0",
  "priority = 101",
  'priority = "50"',
  'priority = "high"',
  "datacenters = []",
  'datacenters = [""]',
  'datacenters = "dc1"',
  'datacenters = ["dc*"]',
  'all_at_once = "sometimes"',
  "all_at_once = true",
  'node_pool = "all"',
  'node_pool {| name = "all" |}',
  'ui {| description = "x" ;; link {| label = "a" ;; url = "b" |} |}',
  'ui {| descripton = "x" |}',
  "meta {| a = uuidv4() |}",
  'id = "a b"',
  'name = ""',
  'id = "other"',
  'variable "x" {| type = string |}',
  "update {| max_parallel = 1 |} update {| max_parallel = 2 |}",
  'group "front" {| task "x" {| driver = "y" |} |}',
  'group "empty" {| |}',
  'task "alone" {| driver = "x" |}',
];

const topParts = [
  "locals {| a = 1 |} locals {| a = 2 |}",
  "locals {| a = nope ;; b = nope.x |}",
  'variable "a" {| type = any ;; default = 1 |}',
  'variable "a" {| type = list(any) ;; default = [1] |}',
  'variable "a" {| type = map(any) ;; default = {} |}',
  'variable "a" {| type = object({ x = any }) ;; default = { x = 1 } |}',
  'variable "a" {| type = list(string) ;; default = [1] |}',
  'variable "a" {| type = string |}',
  'variable "a" {| default = nope |}',
  'variable "a" {| type = number ;; default = "x" |}',
  "variables {| a = 1 |}",
  'nope = "x"',
  'nope "x" {| |}',
];

const drawable: readonly (readonly [level: Level, texts: readonly string[]])[] = [
  ["job", [...constraints, ...affinities, ...spreads, ...jobParts, ...launchParts]],
  ["group", [...rollouts, ...updates, ...migrates, ...reschedules, ...groupParts]],
  ["task", [...taskParts, ...artifactParts, ...payloadParts, ...templateParts, ...serviceBodies.map((inner) => `service {| ${inner} |}`)]],
];

/** One job that has several of the parts that the variations have one each of. */
export const drawnJob: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...allTypes),
    ...drawable.map(([level, texts]) => fc.tuple(fc.constant(level), fc.subarray([...texts], { maxLength: 2 }))),
  )
  .map(([type, ...parts]) => toText(Object.fromEntries(parts.map(([level, texts]) => [level, texts.map(unfold).join("\n")])), type));

/** Jobs that a Nomad server takes or refuses for one thing each. */
export const jobVariations: readonly Variation[] = [
  ...[...rollouts].flatMap((text) => [...vary("group", [text], allTypes), ...vary("job", [text], allTypes)]),
  ...vary("group", [...updates, ...migrates, ...reschedules, ...groupParts]),
  ...vary("job", [...constraints, ...affinities, ...spreads, ...jobParts]),
  ...vary("job", ['affinity {| attribute = "a" ;; value = "b" |}', 'spread {| attribute = "a" |}'], ["system", "sysbatch"]),
  ...vary("task", [...constraints, ...taskParts, ...serviceBodies.map((inner) => `service {| ${inner} |}`)]),
  ...vary(
    "group",
    serviceBodies.map((inner) => `service {| ${inner} |}`),
  ),
  ...["consul", "nomad"].flatMap((provider) =>
    withChecks(provider).flatMap((service) => [
      { name: `group: ${service}`, text: toText({ group: unfold(`${network} ${service}`) }, "service") },
      { name: `task: ${service}`, text: toText({ group: unfold(network), task: unfold(service) }, "service") },
    ]),
  ),
  ...vary("group", ["count = 2", 'disconnect {| stop_on_client_after = "1h" |}'], allTypes),
  ...vary("top", topParts),
  ...volumeParts.map(([group, task]) => ({
    name: `volumes: ${group} ${task}`,
    text: toText({ group: unfold(group), task: unfold(task) }, "service"),
  })),
  ...vary("task", [...artifactParts, ...payloadParts, ...templateParts], ["batch"]),
  ...vary("job", launchParts, ["batch"]),
  ...vary("job", jobShapes, ["batch"]),
  ...vary("job", serviceShapes),
  ...deadlineShapes.map(([job, group, task]) => ({
    name: `deadlines: ${job} ${group} ${task}`,
    text: toText({ job: unfold(job), group: unfold(group), task: unfold(task) }, "service"),
  })),
  ...vary("group", groupShapes),
  ...vary("task", taskShapes, ["batch"]),
  ...vary("job", ['periodic {| cron = "@daily" |}', "parameterized {| |}"], ["service", "system", "sysbatch"]),
  ...[...jsonVariations].map(([name, text]) => ({ name, text, format: "json" }) as const),
];

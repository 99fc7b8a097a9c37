import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { testSetting } from "@driver/testing";

import { CliWorkplace } from "./cli-run.ts";

const image = testSetting("TEST_IMAGE");

/** A batch job with one task that runs `script` once. */
function jobText(parts: { readonly job?: string; readonly group?: string; readonly task?: string; readonly script: string }): string {
  return `job "hosted" {
  type = "batch"
  ${parts.job ?? ""}
  group "hosted" {
    ${parts.group ?? ""}
    restart {
      attempts = 0
    }
    task "hosted" {
      driver = "podman"
      ${parts.task ?? ""}
      config {
        image   = "${image}"
        command = "sh"
        args    = ["-c", <<-EOT
          ${parts.script}
        EOT
        ]
      }
    }
  }
}
`;
}

function volumeParts(more: string): { readonly group: string; readonly task: string } {
  return {
    group: `volume "data" {\n type = "host"\n source = "disk"\n ${more}\n}`,
    task: 'volume_mount {\n volume = "data"\n destination = "/data"\n}',
  };
}

test("a host volume is the folder that was named for it, and what the task writes stays there", async () => {
  await using workplace = await CliWorkplace.create();
  const disk = join(workplace.path, "disk");
  await mkdir(disk);
  await writeFile(join(disk, "in"), "from the host\n");
  const job = await workplace.write("job.hcl", jobText({ ...volumeParts(""), script: "cat /data/in; echo kept > /data/out" }));
  const socket = testSetting("TEST_PODMAN_SOCKET");
  const result = await workplace.run(["run", "-socket", socket, "-host-volume", `disk=${disk}`, job]);
  assert.deepEqual([result.code, result.stdout], [0, "hosted | from the host\n"], result.stderr);
  assert.equal(await readFile(join(disk, "out"), "utf8"), "kept\n");
});

test("a read-only host volume cannot be written", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ ...volumeParts("read_only = true"), script: "touch /data/x || echo refused" }));
  const socket = testSetting("TEST_PODMAN_SOCKET");
  const result = await workplace.run(["run", "-socket", socket, `-host-volume=disk=${workplace.path}`, job]);
  assert.deepEqual([result.code, result.stdout], [0, "hosted | refused\n"], result.stderr);
});

test("a host volume that nobody named is told with its line, before anything starts", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ ...volumeParts(""), script: "echo ran" }));
  const result = await workplace.runJob(job);
  assert.match(result.stderr, /job\.hcl:5:5: volume "data": there is no host volume "disk"; give it with -host-volume disk=PATH\n/);
  assert.deepEqual([result.code, result.stdout], [1, ""]);
});

test("a port of a host network is given from this machine's address in it", async () => {
  await using workplace = await CliWorkplace.create();
  const group = 'network {\n port "http" {\n host_network = "inner"\n }\n}';
  const job = await workplace.write("job.hcl", jobText({ group, script: "echo $NOMAD_IP_http" }));
  const socket = testSetting("TEST_PODMAN_SOCKET");
  const given = await workplace.run(["run", "-socket", socket, "-host-network", "inner=127.0.0.0/8", job]);
  assert.deepEqual([given.code, given.stdout], [0, "hosted | 127.0.0.1\n"], given.stderr);
  const missing = await workplace.runJob(job);
  assert.match(
    missing.stderr,
    /job\.hcl:6:2: port "http": there is no host_network "inner"; give its range with -host-network inner=CIDR\n/,
  );
  assert.equal(missing.code, 1);
});

const socketArgs = ["run", "-socket", testSetting("TEST_PODMAN_SOCKET")];

test("a parameterized job gets payload and meta", async () => {
  await using workplace = await CliWorkplace.create();
  const parts = {
    job: 'parameterized {\n payload = "required"\n meta_required = ["who"]\n meta_optional = ["where"]\n}',
    task: 'dispatch_payload {\n file = "in/data.txt"\n}',
    script: 'cat local/in/data.txt; echo "$NOMAD_META_who [$NOMAD_META_where] $NOMAD_JOB_PARENT_ID"; echo $NOMAD_JOB_ID | cut -d- -f1',
  };
  const job = await workplace.write("job.hcl", jobText(parts));
  const payload = await workplace.write("payload", "by hand\n");
  const result = await workplace.run([...socketArgs, "-payload", payload, "-meta", "who=Ada", job]);
  const lines = ["by hand", "Ada [] hosted", "hosted/dispatch"].map((line) => `hosted | ${line}\n`);
  assert.deepEqual([result.code, result.stdout], [0, lines.join("")], result.stderr);
  const refused = await workplace.run([...socketArgs, "-payload", payload, job]);
  assert.match(refused.stderr, /job\.hcl:3:3: parameterized: meta is required: who; give it with -meta who=VALUE\n/);
  assert.equal(refused.code, 1);
});

test("a payload that cannot be read is a mistake of the command line", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ job: "parameterized {}", script: "true" }));
  const result = await workplace.run([...socketArgs, "-payload", "/nowhere", job]);
  assert.match(result.stderr, /-payload "\/nowhere" cannot be read: .*ENOENT/);
  assert.equal(result.code, 1);
});

test("a periodic job runs once with -now, and its exit code counts", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write("job.hcl", jobText({ job: 'periodic {\n cron = "@yearly"\n}', script: "exit 7" }));
  const result = await workplace.run([...socketArgs, "-now", job]);
  assert.equal(result.code, 7, result.stderr);
});

test("a periodic job waits for its times until Ctrl-C, and tells them", async () => {
  await using workplace = await CliWorkplace.create();
  const job = await workplace.write(
    "job.hcl",
    jobText({ job: 'periodic {\n crons = ["@yearly", "*/2 * * * * * *"]\n prohibit_overlap = true\n}', script: "echo ran" }),
  );
  let isAsked = false;
  const result = await workplace.run([...socketArgs, job], {
    onOutput: ({ stdout, kill }) => {
      if (isAsked || stdout.split("ran").length < 3) return;
      isAsked = true;
      kill("SIGINT");
    },
  });
  assert.match(result.stderr, /the next launch is at 20[-0-9T:.]+Z\n.*launch hosted\/periodic-\d+\n/);
  assert.equal(result.code, 130, result.stderr);
});

test("an artifact of this machine lies in the task's folder", async () => {
  await using workplace = await CliWorkplace.create();
  const text = await workplace.write("greeting.txt", "fetched\n");
  const task = `artifact {\n source = "${text}"\n destination = "local/in"\n}`;
  const job = await workplace.write("job.hcl", jobText({ task, script: "cat local/in/greeting.txt" }));
  const result = await workplace.runJob(job);
  assert.deepEqual([result.code, result.stdout], [0, "hosted | fetched\n"], result.stderr);
  assert.match(result.stderr, /hosted \* artifact: fetching .*\/greeting\.txt; a Nomad client takes no files of its own machine\n/);
});

test("templates find variables, and follow the services of the run with a signal and a script", async () => {
  await using workplace = await CliWorkplace.create();
  const change = (mode: string, more: string) => `template {
        data        = "{{ len (nomadService \\"late\\") }} {{ with nomadVar \\"nomad/jobs/x\\" }}{{ .who }}{{ end }}\\n"
        destination = "local/${mode}"
        change_mode = "${mode}"
        splay       = "0s"
        ${more}
      }`;
  const script = 'change_script {\n command = "/bin/cp"\n args = ["local/script", "local/seen"]\n }';
  const late = `task "late" {
      driver = "podman"
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
      service {
        name     = "late"
        provider = "nomad"
      }
      config {
        image   = "${image}"
        command = "sleep"
        args    = ["600"]
      }
    }`;
  const parts = {
    group: late,
    task: `${change("signal", 'change_signal = "SIGUSR1"')}\n${change("script", script)}`,
    script:
      `trap 'signalled=1' USR1; cat local/signal; until [ -n "$signalled" ] && [ -s local/seen ]; do sleep 0.1; done; cat ` +
      "local/signal local/seen",
  };
  const job = await workplace.write("job.hcl", jobText(parts));
  const result = await workplace.run([...socketArgs, "-nomad-var", "nomad/jobs/x=who=Ada", job]);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.stdout.match(/\d \w+/g), ["0 Ada", "1 Ada", "1 Ada"]);
});

test("a variable's file that changes while the job runs is rendered again, and its task starts again", async () => {
  await using workplace = await CliWorkplace.create();
  const file = await workplace.write("items.json", '{ "word": "first" }');
  const template = `template {
    data        = "WORD={{ with nomadVar \\"nomad/jobs/hosted\\" }}{{ .word }}{{ end }}"
    destination = "secrets/env"
    env         = true
    splay       = "0s"
  }`;
  const script = "echo $WORD; test $WORD = second || exec sleep 100";
  const job = await workplace.write("job.hcl", jobText({ task: `kill_timeout = "1s"\n${template}`, script }));
  let isChanged = false;
  const { code, stdout, stderr } = await workplace.run(
    ["run", "-socket", testSetting("TEST_PODMAN_SOCKET"), "-nomad-var", `nomad/jobs/hosted=@${file}`, job],
    {
      onOutput: (running) => {
        if (isChanged || !running.stdout.includes("first")) return;
        isChanged = true;
        void writeFile(file, '{ "word": "second" }');
      },
    },
  );
  assert.deepEqual([code, stdout], [0, "hosted | first\nhosted | second\n"], stderr);
  assert.match(stderr, /^hosted \* rendered again: secrets\/env$/m);
});

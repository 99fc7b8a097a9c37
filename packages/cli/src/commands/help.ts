/** What `nomad-driver-podman help` prints. */
export const generalHelp = `nomad-driver-podman: runs Nomad tasks as Podman containers

Usage: nomad-driver-podman COMMAND

  run FILE   run a Nomad job file on this machine, without a Nomad cluster
  validate FILE
             check a job file, and each task's config, without running anything
  version    print the version
  help       print this text; "run -h" prints the options of run

Put into a Nomad agent's plugin_dir, the same file is the task driver "podman".
`;

/** What `run -h` prints. */
export const runHelp = `Usage: nomad-driver-podman run [options] FILE

Runs all groups of a Nomad job file as Podman containers, shows what they write,
and removes everything when they have ended. Failed tasks are started again as
their restart block says. Ctrl-C stops the job, a second Ctrl-C kills it.

Options (one dash or two):
  -var NAME=VALUE       set a variable of the job file; may be repeated
  -var-file FILE        read variables from a file; may be repeated
  -nomad-var PATH=KEY=VALUE, -nomad-var PATH=@FILE
                        a variable of Nomad's for templates; may be repeated
  -now                  run a periodic job once, at once, and do not wait for its time
  -payload FILE         the payload for a parameterized job
  -meta NAME=VALUE      meta for a parameterized job; may be repeated
  -host-volume NAME=PATH
                        a folder for the job's host volume of that name; may be repeated
  -host-network NAME=CIDR
                        a host network for ports: the range of this machine's address; may be repeated
  -socket ADDRESS       Podman's socket, e.g. unix:///run/podman/podman.sock
  -plugin-config FILE   agent configuration with a plugin "nomad-driver-podman" block
  -plugin FILE          use another plugin executable than this one
  -json                 write one JSON object a line to stdout, for programs
  -clean                first end and remove what runs that were killed have left

Output: lines of a task's stdout go to stdout as "task | line", those of its
stderr to stderr in the same form. Events go to stderr as "task * event".
NO_COLOR switches colours off.

Exit code: the one of the first main task that failed for good, 128 + the signal
if it was killed, 130 after Ctrl-C, 1 when the job could not run, else 0.
`;

/** What `validate -h` prints. */
export const validateHelp = `Usage: nomad-driver-podman validate [options] [FILE]

Checks a Nomad job file: its syntax, what a Nomad server asks of a job, what run
can do, and what the Podman driver asks of each task's config. Shows all
mistakes with their places, and notes on deprecated keys. Needs neither Nomad
nor Podman.

Options (one dash or two):
  -var NAME=VALUE       set a variable of the job file; may be repeated
  -var-file FILE        read variables from a file; may be repeated
  -plugin-config FILE   check the plugin "nomad-driver-podman" block of an agent's
                        file too, or alone
  -json                 write the verdict as one JSON object to stdout

Exit code: 0 when there is no mistake, else 1.
`;

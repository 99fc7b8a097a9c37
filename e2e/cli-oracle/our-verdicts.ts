/** Parts of jobs that Nomad's server takes and that are refused here, as docs/running-without-nomad.md says, and why. */
export const ourRefusals: Readonly<Record<string, string>> = {
  'template {| source = "local/x.tpl" ;; data = "y" ;; destination = "local/x" |}': "the client refuses it",
  'template {| data = "x" ;; destination = "local/x" ;; change_mode = "signal" ;; change_signal = "NOPE" |}': "no client has it",
  'kill_signal = "NOPE"': "as above",
  'kill_signal = "SIGNULL"': "it is no signal",
  'periodic {| cron = "5-1 * * * *" |}': "it is never launched",
  '"Env": {"": "x"}': "no container can have it",
  '"Networks": [{"DynamicPorts": [null]}]': "null is no block",
  '"Networks": [{"ReservedPorts": [null]}]': "as above",
};

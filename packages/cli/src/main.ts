#!/usr/bin/env node
// The one executable. Each side loads only what it needs: a plugin start must be quick, and the CLI needs a parser.
// The variable is Nomad's; the plugin side checks its value.
if ((process.env["NOMAD_PLUGIN_MAGIC_COOKIE"] ?? "") === "") {
  const { loadCli } = await import("./load-cli.ts");
  const { runCli } = await loadCli();
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  const { runPlugin } = await import("./run-plugin.ts");
  process.exit(await runPlugin());
}

export {};

job "agent" {
  datacenters = ["dc1"]
  type        = "system"

  group "agent" {
    task "agent" {
      driver = "podman"

      config {
        image      = "example/agent:1"
        privileged = true
        runtime    = "runc"
        cap_add    = ["ALL"]
        pid_mode   = "host"
        volumes    = ["/var/run:/var/run:rw", "/proc:/host/proc:ro", "/sys:/host/sys:ro"]
        entrypoint = ["/agent"]
        command    = "run"
        args       = ["--all"]
      }
    }
  }
}

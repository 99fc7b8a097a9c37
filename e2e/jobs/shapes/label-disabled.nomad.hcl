job "monitor" {
  datacenters = ["dc1"]
  type        = "service"

  group "monitor" {
    task "monitor" {
      driver = "podman"

      config {
        image        = "docker.io/example/monitor:1"
        security_opt = ["label=disable", "seccomp=unconfined", "no-new-privileges"]
        volumes      = ["/run/podman/podman.sock:/var/run/docker.sock:ro"]
      }
    }
  }
}

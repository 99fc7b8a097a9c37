job "monitor" {
  datacenters = ["dc1"]
  type        = "service"

  group "monitor" {
    task "monitor" {
      driver = "podman"

      config {
        image        = "docker.io/example/monitor:1"
        security_opt = ["label=type:container_runtime_t"]
        volumes      = ["/run/podman/podman.sock:/var/run/docker.sock"]
      }
    }
  }
}

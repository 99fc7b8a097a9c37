job "discovery" {
  datacenters = ["dc1"]
  type        = "service"

  group "discovery" {
    network {
      mode = "host"
      port "http" {}
    }

    task "discovery" {
      driver = "podman"

      config {
        image        = "docker.io/example/discovery:1"
        network_mode = "host"
        args         = ["-bind", "${NOMAD_IP_http}", "-port", "${NOMAD_PORT_http}"]
      }
    }
  }
}

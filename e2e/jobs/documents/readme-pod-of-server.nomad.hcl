# The server's own network, which the exporter joins: its port is published by the server.
job "messages" {
  datacenters = ["dc1"]
  type        = "service"

  group "messages" {
    network {
      port "metrics" {
        static = 7777
      }
    }

    task "server" {
      driver = "podman"

      template {
        destination = "local/server.conf"
        data        = <<-EOT
          http: localhost:8222
        EOT
      }

      config {
        image   = "docker://nats:2.1.8-alpine"
        command = "nats-server"
        args    = ["-c", "/local/server.conf"]
        ports   = ["metrics"]
      }
    }

    task "exporter" {
      driver = "podman"

      lifecycle {
        hook    = "poststart"
        sidecar = true
      }

      config {
        image        = "docker://natsio/prometheus-nats-exporter:0.6.2"
        args         = ["-varz", "http://localhost:8222"]
        network_mode = "task:server"
      }
    }
  }
}

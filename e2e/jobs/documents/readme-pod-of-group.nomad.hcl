# Nomad makes the network, and both tasks join it.
job "messages" {
  datacenters = ["dc1"]
  type        = "service"

  group "messages" {
    network {
      mode = "bridge"
      port "server" {
        static = 4222
        to     = 4222
      }
      port "metrics" {
        static = 7777
        to     = 7777
      }
    }

    task "server" {
      driver = "podman"

      config {
        image = "docker://nats:2.1.8-alpine"
      }
    }

    task "exporter" {
      driver = "podman"

      lifecycle {
        hook    = "poststart"
        sidecar = true
      }

      config {
        image = "docker://natsio/prometheus-nats-exporter:0.6.2"
        args  = ["-varz", "http://localhost:8222"]
      }
    }
  }
}

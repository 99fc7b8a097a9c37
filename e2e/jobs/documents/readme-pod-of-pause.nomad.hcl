# A task of its own holds the network that the others join.
job "messages" {
  datacenters = ["dc1"]
  type        = "service"

  group "messages" {
    network {
      port "server" {
        static = 4222
      }
      port "metrics" {
        static = 7777
      }
    }

    task "pod" {
      driver = "podman"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image = "docker://gcr.io/google_containers/pause-amd64:3.1"
        ports = ["server", "metrics"]
      }
    }

    task "server" {
      driver = "podman"

      config {
        image        = "docker://nats:2.1.8-alpine"
        network_mode = "task:pod"
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
        network_mode = "task:pod"
      }
    }
  }
}

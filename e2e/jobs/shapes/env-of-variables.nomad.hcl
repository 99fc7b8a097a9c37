job "front" {
  datacenters = ["dc1"]
  type        = "service"

  group "front" {
    network {
      port "http" {
        static = 80
        to     = 8080
      }
    }

    task "front" {
      driver = "podman"

      config {
        image   = "docker.io/library/nginx:1.27"
        ports   = ["http"]
        volumes = ["local/upstreams.conf:/etc/nginx/conf.d/default.conf:ro,noexec"]
      }

      template {
        destination = "secrets/front.env"
        env         = true
        data        = <<-EOT
          {{ with nomadVar "nomad/jobs/front" }}
          TOKEN={{ .token }}
          {{ end }}
          ZONE={{ env "node.datacenter" }}
        EOT
      }

      template {
        destination   = "local/upstreams.conf"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        data          = <<-EOT
          upstream backend {
          {{ range nomadService "backend" }}
            server {{ .Address }}:{{ .Port }};
          {{ else }}
            server 127.0.0.1:65535;
          {{ end }}
          }
        EOT
      }
    }
  }
}

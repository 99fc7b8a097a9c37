job "metrics" {
  datacenters = ["dc1"]
  type        = "service"

  group "metrics" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "metrics" {
      driver = "podman"

      template {
        destination = "local/prometheus.yml"
        change_mode = "restart"
        data        = <<-EOT
          global:
            scrape_interval: 15s
        EOT
      }

      template {
        destination = "local/rules/none.yml"
        data        = "groups: []"
      }

      config {
        image   = "docker.io/prom/prometheus:v2.54.1"
        ports   = ["http"]
        args    = ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
        volumes = ["local/prometheus.yml:/etc/prometheus/prometheus.yml", "local/rules:/etc/prometheus/rules:ro"]
      }
    }
  }
}

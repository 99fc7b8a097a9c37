job "node-metrics" {
  datacenters = ["dc1"]
  type        = "system"

  group "node-metrics" {
    task "node-metrics" {
      driver = "podman"

      config {
        image        = "quay.io/prometheus/node-exporter:v1.8.2"
        network_mode = "host"
        args         = ["--path.rootfs=/host", "--web.listen-address=:9100"]
        volumes      = ["/:/host:ro,rslave"]
      }
    }
  }
}

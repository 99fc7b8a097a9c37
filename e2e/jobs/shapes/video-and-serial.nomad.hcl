job "home" {
  datacenters = ["dc1"]
  type        = "service"

  group "home" {
    task "home" {
      driver = "podman"

      config {
        image        = "ghcr.io/example/home:2024.8"
        network_mode = "host"
        devices      = ["/dev/dri", "/dev/serial/by-id/usb-radio-if00:/dev/ttyACM0:rw"]
        group_add    = ["keep-groups"]
      }
    }
  }
}

job "camera" {
  datacenters = ["dc1"]
  type        = "service"

  group "camera" {
    task "camera" {
      driver = "podman"

      config {
        image        = "docker.io/example/camera:1"
        network_mode = "cameras"
        ipv4_address = "192.0.2.30"
        static_mac   = "02:42:ac:11:00:30"
      }
    }
  }
}

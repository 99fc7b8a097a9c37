job "shipped" {
  datacenters = ["dc1"]
  type        = "service"

  group "shipped" {
    task "shipped" {
      driver = "podman"

      config {
        image = "example/moved:1"
        logging {
          type = "gelf"
          config {
            gelf-address = "udp://192.0.2.1:12201"
          }
        }
      }
    }
  }
}

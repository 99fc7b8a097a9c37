job "app" {
  datacenters = ["dc1"]
  type        = "service"

  group "app" {
    task "app" {
      driver = "podman"

      vault {
        policies = ["app"]
      }

      config {
        image = "docker.io/example/app:3"
      }
    }
  }
}

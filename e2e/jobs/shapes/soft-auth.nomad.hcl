job "public" {
  datacenters = ["dc1"]
  type        = "service"

  group "public" {
    task "public" {
      driver = "podman"

      config {
        image              = "docker.io/library/redis:7-alpine"
        auth_soft_fail     = true
        image_pull_timeout = "15m"
        command            = "redis-server"
        args               = ["--save", "60", "1", "--loglevel", "warning"]
      }
    }
  }
}

job "typo" {
  datacenters = ["dc1"]
  type        = "service"

  group "typo" {
    task "typo" {
      driver = "podman"

      config {
        image  = "docker.io/library/busybox:1"
        comand = "true"
        volums = ["/srv:/srv"]
      }
    }
  }
}

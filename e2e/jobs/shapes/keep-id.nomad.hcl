job "files" {
  datacenters = ["dc1"]
  type        = "service"

  group "files" {
    task "files" {
      driver = "podman"

      user = "1000:1000"

      config {
        image  = "docker.io/library/busybox:1"
        userns = "keep-id"
        args   = ["sleep", "infinity"]
      }
    }
  }
}

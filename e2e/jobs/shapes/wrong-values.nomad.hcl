job "wrong" {
  datacenters = ["dc1"]
  type        = "service"

  group "wrong" {
    task "wrong" {
      driver = "podman"

      config {
        image    = "docker.io/library/busybox:1"
        shm_size = "64 megabytes"
        ulimit   = { nofiles = "1024" }
        ipv4_address = "fd00::9"
      }
    }
  }
}

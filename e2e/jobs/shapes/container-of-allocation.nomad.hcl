job "pair" {
  datacenters = ["dc1"]
  type        = "service"

  group "pair" {
    task "main" {
      driver = "podman"

      config {
        image = "docker.io/library/busybox:1"
      }
    }

    task "helper" {
      driver = "podman"

      lifecycle {
        hook    = "poststart"
        sidecar = true
      }

      config {
        image        = "docker.io/library/busybox:1"
        network_mode = "container:main-${NOMAD_ALLOC_ID}"
      }
    }
  }
}

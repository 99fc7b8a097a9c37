job "wiki" {
  datacenters = ["dc1"]
  type        = "service"

  group "wiki" {
    task "wiki" {
      driver = "podman"

      config {
        image   = "quay.io/example/wiki:1"
        volumes = ["/srv/wiki/data:/data:Z", "/srv/wiki/shared:/shared:z", "/srv/wiki/logo.png:/logo.png:ro,z"]
      }
    }
  }
}

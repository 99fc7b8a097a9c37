job "renderer" {
  datacenters = ["dc1"]
  type        = "service"

  group "renderer" {
    task "renderer" {
      driver = "podman"

      user = "renderer"

      config {
        image       = "docker.io/example/renderer:1"
        working_dir = "/app"
        group_add   = ["video", "render"]
        devices     = ["/dev/dri/renderD128"]
        tty         = true
      }
    }
  }
}

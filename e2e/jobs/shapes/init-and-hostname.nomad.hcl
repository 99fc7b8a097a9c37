job "mail" {
  datacenters = ["dc1"]
  type        = "service"

  group "mail" {
    task "mail" {
      driver = "podman"

      config {
        image       = "docker.io/example/mail:14"
        init        = true
        hostname    = "mail.example.com"
        tty         = true
        extra_hosts = ["db.example.com:192.0.2.10", "gateway.example.com:192.0.2.1"]
      }
    }
  }
}

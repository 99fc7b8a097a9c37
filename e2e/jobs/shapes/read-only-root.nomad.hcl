job "hardened" {
  datacenters = ["dc1"]
  type        = "service"

  group "hardened" {
    task "hardened" {
      driver = "podman"

      config {
        image           = "docker.io/library/nginx:1.27@sha256:0000000000000000000000000000000000000000000000000000000000000000"
        readonly_rootfs = true
        tmpfs           = ["/var/cache/nginx", "/run:size=1m"]
        cap_drop        = ["all"]
        cap_add         = ["CHOWN", "SETUID", "SETGID", "NET_BIND_SERVICE"]
        pids_limit      = 200
      }
    }
  }
}

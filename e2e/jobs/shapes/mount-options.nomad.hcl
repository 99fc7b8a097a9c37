job "builder" {
  datacenters = ["dc1"]
  type        = "batch"

  group "builder" {
    task "builder" {
      driver = "podman"

      config {
        image   = "quay.io/example/builder:1"
        volumes = ["/srv/cache:/cache:noexec,nosuid,nodev", "/srv/source:/source:O", "local/out:/out:U", "/srv/tools:/tools:exec,ro"]
      }
    }
  }
}

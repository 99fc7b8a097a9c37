job "storage-node" {
  datacenters = ["dc1"]
  type        = "system"

  group "storage-node" {
    task "node" {
      driver = "podman"

      config {
        image        = "quay.io/example/storage:1"
        privileged   = true
        network_mode = "host"
        pid_mode     = "host"
        args         = ["node", "--endpoint=unix:///csi/csi.sock"]
        volumes      = ["/dev:/dev", "/lib/modules:/lib/modules:ro"]
      }
    }
  }
}

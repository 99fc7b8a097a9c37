# volumes
plugin "nomad-driver-podman" {
  config {
    volumes {
      enabled = true
      selinuxlabel = "z"
    }
  }
}

# gc
plugin "nomad-driver-podman" {
  config {
    gc {
      container = false
    }
  }
}

# recover_stopped
plugin "nomad-driver-podman" {
  config {
    recover_stopped = false
  }
}

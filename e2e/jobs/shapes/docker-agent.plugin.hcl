# the agent keys of Nomad's Docker driver, in its spelling; only the plugin's name is another
plugin "nomad-driver-podman" {
  config {
    endpoint = "unix:///var/run/docker.sock"

    auth {
      config = "/etc/docker-auth.json"
      helper = "ecr-login"
    }

    extra_labels = ["job_name", "task_group_name", "task_name", "namespace", "node_name"]

    gc {
      image       = true
      image_delay = "3m"
      container   = true
      dangling_containers {
        enabled        = true
        dry_run        = false
        period         = "5m"
        creation_grace = "5m"
      }
    }

    volumes {
      enabled      = true
      selinuxlabel = "z"
    }

    logging {
      type = "json-file"
      config {
        max-file = 2
        max-size = "2m"
      }
    }

    allow_privileged = false
    allow_caps = ["audit_write", "chown", "dac_override", "fowner", "fsetid", "kill", "mknod",
      "net_bind_service", "setfcap", "setgid", "setpcap", "setuid", "sys_chroot"]
    allow_runtimes = ["runc", "nvidia"]
    allowed_modes {
      pid = ["host"]
      ipc = ["host"]
      uts = ["host*"]
    }

    nvidia_runtime            = "nvidia"
    infra_image               = "registry.k8s.io/pause:3.3"
    infra_image_pull_timeout  = "5m"
    image_pull_timeout        = "5m"
    pull_activity_timeout     = "2m"
    container_exists_attempts = 5
    pids_limit                = 128
    oom_score_adj             = 100
    disable_log_collection    = false

    windows_allow_insecure_container_admin = false
  }
}

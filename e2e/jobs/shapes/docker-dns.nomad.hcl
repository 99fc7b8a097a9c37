job "resolver" {
  datacenters = ["dc1"]
  type        = "service"

  group "resolver" {
    network {
      port "http" {
        to = 8080
      }
    }

    task "resolver" {
      driver = "podman"

      config {
        image              = "pihole/pihole:2024.07.0"
        network_mode       = "bridge"
        dns_servers        = ["127.0.0.1", "192.0.2.53"]
        dns_search_domains = ["example.com"]
        dns_options        = ["ndots:1"]
        extra_hosts        = ["server.example.com:192.0.2.10"]
        ports              = ["http"]
        volumes            = ["/srv/resolver:/etc/pihole"]
        cap_add            = ["net_admin"]
      }
    }
  }
}

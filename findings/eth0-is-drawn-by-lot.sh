#!/bin/sh
# Podman 4.3.1 draws by lot which of a container's networks becomes eth0, whatever their order on the command line.
#
# Setup:    Podman 4.3.1, netavark 1.4.0, conmon 2.1.6 and runc 1.1.5 of Debian 12; two bridge networks.
# Run:      podman run --network one --network two … ip -4 address show dev eth0, twelve times
# Expected: eth0 is on the same network each time, that of the first --network.
# Seen:     now it is on the one, now on the other.
#
# What takes eth0's address for the container's, or names eth0 in a rule, works for one start and not for the next. An
# interface's name of one's own (--network one:interface_name=…) is kept.
# Needs root, Debian 12 (amd64) with iptables, and apt. Works in a network namespace of its own and leaves nothing behind.
# Exits 0 while Podman does so, else 1; one run in two thousand fails by chance.
set -eu

work=${1:-}
if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/packages" "$work/debs" "$work/networks"
  (
    cd "$work/debs"
    apt-get download -qq podman=4.3.1+ds1-8+deb12u1+b3 netavark=1.4.0-3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
      busybox-static=1:1.35.0-4+deb12u1+b1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libsubid4=1:4.13+dfsg1-1+deb12u2 \
      libdevmapper1.02.1=2:1.02.185-2 libseccomp2=2.5.4-1+deb12u1 2>/dev/null
    for deb in *.deb; do dpkg-deb --extract "$deb" "$work/packages"; done
  )
  unshare --net --mount "$0" "$work"
  exit
fi

podman() {
  PATH="$work/packages/usr/bin:$work/packages/usr/sbin:$PATH" LD_LIBRARY_PATH="$work/packages/usr/lib/x86_64-linux-gnu" \
    CONTAINERS_CONF="$work/containers.conf" "$work/packages/usr/bin/podman" --root "$work/storage" --runroot "$work/run" \
    --tmpdir "$work/tmp" --network-config-dir "$work/networks" --storage-driver vfs --cgroup-manager cgroupfs \
    --events-backend file --log-level error --conmon "$work/packages/usr/bin/conmon" --runtime "$work/packages/usr/sbin/runc" "$@"
}

printf '[network]\nnetwork_backend = "netavark"\n[engine]\nhelper_binaries_dir = ["%s"]\n' "$work/packages/usr/lib/podman" >"$work/containers.conf"

mkdir -p "$work/rootfs/bin"
cp "$work/packages/bin/busybox" "$work/rootfs/bin/"
ln -s busybox "$work/rootfs/bin/ip"

podman --version
podman network create --disable-dns --subnet 10.201.1.0/24 one >/dev/null
podman network create --disable-dns --subnet 10.201.2.0/24 two >/dev/null
run() {
  podman run --rm --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 "$@" --rootfs "$work/rootfs" \
    ip -4 -o address show | awk '$4 ~ /^10\.201\./ { split($4, part, "."); print $2 "=" part[3] }' | sort | tr '\n' ' '
}
drawn=""
named=""
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do drawn="$drawn$(run --network one --network two)| "; done
for _ in 1 2 3 4 5 6; do named="$named$(run --network one:interface_name=front --network two:interface_name=back)| "; done
echo "networks of eth0 and eth1: $drawn"
echo "of front and back:         $named"
case $drawn in *eth0=1*) ;; *) echo "not as found"; exit 1 ;; esac
case $drawn in *eth0=2*) ;; *) echo "not as found"; exit 1 ;; esac
[ "$named" = "$(for _ in 1 2 3 4 5 6; do printf 'back=2 front=1 | '; done)" ] || { echo "not as found"; exit 1; }
echo "as found"

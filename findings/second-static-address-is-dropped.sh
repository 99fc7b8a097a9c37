#!/bin/sh
# Podman 4.3.1 with netavark 1.4.0 takes two static addresses of one subnet and gives the container the first alone.
#
# Setup:    Podman 4.3.1, netavark 1.4.0, conmon 2.1.6 and runc 1.1.5 of Debian 12; a bridge network with one subnet.
# Run:      podman run --network NAME:ip=10.201.1.10,ip=10.201.1.11 … ip -4 address show dev eth0
# Expected: both addresses on eth0, or an error that only one of them can be had.
# Seen:     exit code 0, 10.201.1.10 on eth0, and no word of 10.201.1.11.
#
# A service that is announced at the second address cannot be reached there.
# Needs root, Debian 12 (amd64) with iptables, and apt. Works in a network namespace of its own and leaves nothing behind.
# Exits 0 while Podman does so, else 1.
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
podman network create --disable-dns --subnet 10.201.1.0/24 two >/dev/null
addresses=$(podman run --rm --network two:ip=10.201.1.10,ip=10.201.1.11 --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
  --rootfs "$work/rootfs" ip -4 -o address show dev eth0 | awk '{ print $4 }' | tr '\n' ' ')
echo "addresses of eth0: $addresses"
[ "$addresses" = "10.201.1.10/24 " ] || { echo "not as found"; exit 1; }
echo "as found"

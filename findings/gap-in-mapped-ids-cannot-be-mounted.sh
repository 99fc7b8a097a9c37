#!/bin/sh
# Podman 4.3.1 on overlay cannot mount an image for a container whose ids on the host have a gap: "permission denied".
#
# Setup:    Podman 4.3.1, conmon 2.1.6 and runc 1.1.5 of Debian 12; the storage driver overlay; an image of one layer.
# Run:      podman run --uidmap 0:100000:20 --uidmap 20:200000:20 …, and the same with 20:100020:20
# Expected: both containers run.
# Seen:     with 100020, where the second range goes on from the first, it runs; with 200000 "creating overlay mount to …: permission
#           denied". The mount of a layer with mapped owners is what fails; without a map of two parts nothing does.
#
# Lists of ids that are made of several parts of /etc/subuid have gaps as a rule.
# Needs root, Debian 12 (amd64), a kernel with idmapped mounts of tmpfs (6.3 or later), and apt. Works in namespaces of its own and
# leaves nothing behind. Exits 0 while Podman does so, else 1.
set -eu

work=${1:-}
if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/packages" "$work/debs" "$work/storage"
  (
    cd "$work/debs"
    apt-get download -qq podman=4.3.1+ds1-8+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
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
    --tmpdir "$work/tmp" --storage-driver overlay --cgroup-manager cgroupfs \
    --events-backend file --log-level error --conmon "$work/packages/usr/bin/conmon" --runtime "$work/packages/usr/sbin/runc" "$@"
}

printf '[engine]\nhelper_binaries_dir = ["%s"]\n' "$work/packages/usr/lib/podman" >"$work/containers.conf"
mount -t tmpfs none "$work/storage"
# The roots of containers are reached by ids that are not root's.
chmod 0711 "$work"

mkdir -p "$work/rootfs/bin"
cp "$work/packages/bin/busybox" "$work/rootfs/bin/"
ln -s busybox "$work/rootfs/bin/cat"

podman --version
tar --create --directory "$work/rootfs" . | podman import - localhost/gap:1 >/dev/null 2>&1

try() {
  podman run --rm --network none --uidmap 0:100000:20 --uidmap "$1" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
    localhost/gap:1 cat /proc/self/uid_map 2>&1 | sed 's/mount_data=.*"/…/' | tr '\n' ' '
}
without=$(try 20:100020:20)
echo "without a gap: $without"
with=$(try 20:200000:20)
echo "with a gap: $with"
case $without in *100000*) ;; *) echo "not as found"; exit 1 ;; esac
case $with in *"creating overlay mount"*"permission denied"*) ;; *) echo "not as found"; exit 1 ;; esac
echo "as found"

#!/bin/sh
# The API of Podman 4.3.1 takes the log option `tag` for a log file, and then cannot start the container, without saying why.
#
# Setup:    Podman 4.3.1, conmon 2.1.6 and runc 1.1.5 of Debian 12; `podman system service`.
# Run:      POST /libpod/containers/create with log_configuration {"driver": "k8s-file", "options": {"tag": "web"}}, then …/start.
# Expected: create refuses the option by its name, or leaves it out, as it does with options that it does not know.
# Seen:     create answers 201; start answers 500 "write child: broken pipe". Without the option the same container starts.
#
# conmon refuses the tag and says so on the service's stderr alone. Who starts containers by the API sees a broken pipe, which reads as
# a fault of the host that may pass.
# Needs root, Debian 12 (amd64), apt and curl. Leaves nothing behind. Exits 0 while Podman does so, else 1.
set -eu

work=$(mktemp -d)
podman() {
  PATH="$work/packages/usr/bin:$work/packages/usr/sbin:$PATH" LD_LIBRARY_PATH="$work/packages/usr/lib/x86_64-linux-gnu" \
    "$work/packages/usr/bin/podman" --root "$work/storage" --runroot "$work/run" --tmpdir "$work/tmp" --storage-driver vfs \
    --cgroup-manager cgroupfs --events-backend file --log-level error \
    --conmon "$work/packages/usr/bin/conmon" --runtime "$work/packages/usr/sbin/runc" "$@"
}
clean_up() {
  pkill -f "unix://$work/api.sock" || true
  podman rm --force --all --time 0 >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

mkdir "$work/packages" "$work/debs"
(
  cd "$work/debs"
  apt-get download -qq podman=4.3.1+ds1-8+deb12u1+b3 conmon=2.1.6+ds1-1 runc=1.1.5+ds1-1+deb12u1 \
    busybox-static=1:1.35.0-4+deb12u1+b1 libgpgme11=1.18.0-3+deb12u1 libassuan0=2.5.5-5 libsubid4=1:4.13+dfsg1-1+deb12u2 \
    libdevmapper1.02.1=2:1.02.185-2 libseccomp2=2.5.4-1+deb12u1 2>/dev/null
  for deb in *.deb; do dpkg-deb --extract "$deb" "$work/packages"; done
)

mkdir -p "$work/rootfs/bin"
cp "$work/packages/bin/busybox" "$work/rootfs/bin/"
for name in sh sleep test; do ln -s busybox "$work/rootfs/bin/$name"; done

podman --version
podman system service --time 0 "unix://$work/api.sock" 2>"$work/stderr" &
until [ -S "$work/api.sock" ]; do sleep 0.1; done

post() {
  curl --silent --show-error --unix-socket "$work/api.sock" --write-out ' %{http_code}' --request POST \
    --header 'Content-Type: application/json' "http://podman/v4.3.1/libpod/containers/$1" --data "${2:-}"
}
create() {
  limits='[{"type": "nofile", "soft": 1024, "hard": 1024}, {"type": "nproc", "soft": 1024, "hard": 1024}]'
  post create "{\"name\": \"$1\", \"rootfs\": \"$work/rootfs\", \"command\": [\"sleep\", \"60\"], \"netns\": {\"nsmode\": \"none\"},
    \"r_limits\": $limits, \"log_configuration\": {\"driver\": \"k8s-file\", \"options\": {$2}}}"
}
for name in without with; do
  options='"unknown": "web"'
  [ "$name" = without ] || options='"tag": "web"'
  created=$(create "$name" "$options")
  started=$(post "$name/start")
  echo "$name a tag: create${created##*\}}, start $started"
  case "$name ${created##* } $started" in
    "without 201  204") ;;
    "with 201 "*"write child: broken pipe"*500) case $started in *tag*) echo "not as found"; exit 1 ;; esac ;;
    *) echo "not as found"; exit 1 ;;
  esac
done
grep -o "k8s-file doesn't support --log-tag" "$work/stderr" || { echo "not as found"; exit 1; }
echo "as found"

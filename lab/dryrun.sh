# Runs `kubeadm init --dry-run` on a file where nothing of the host is touched or decides: dryrun.sh KUBEADM FILE ADDRESS OUT.
# It is to be run in network, mount and UTS namespaces of its own, as root.
set -e
hostname node
mount --make-rprivate /
mkdir -p "$4/scratch"
mount -t tmpfs scratch "$4/scratch"
for dir in etc var/lib; do
	layer="$4/scratch/${dir%/*}-layer"
	mkdir -p "$layer/upper" "$layer/work"
	mount -t overlay layer -o "lowerdir=/$dir,upperdir=$layer/upper,workdir=$layer/work" "/$dir"
done
mount -t tmpfs run /run
ip link set lo up
ip address add "$3/24" dev lo
"$1" init --dry-run --config "$2" --ignore-preflight-errors=all >"$4/output" 2>&1
cp -r /etc/kubernetes/tmp/kubeadm-init-dryrun* "$4/files"

#!/usr/bin/env bash
# A whole release of Kubernetes, proved with the tools and the recipes that people have for it: kubernetes.io,
# "Verify Signed Kubernetes Artifacts" and "SBOM", and what they leave to the reader. The environment says where things are.
set -euo pipefail
cd "$(mktemp -d -p "$WORK")"

# Runs a command, and counts it.
step() {
    echo "$1" >>"$STEPS"
    "$@"
}

get() {
    step curl --fail --silent --show-error --location --remote-name "$@"
}

issuer=(--certificate-oidc-issuer https://accounts.google.com)
staging=(--certificate-identity krel-staging@k8s-releng-prod.iam.gserviceaccount.com "${issuer[@]}")
trust=(--certificate-identity krel-trust@k8s-releng-prod.iam.gserviceaccount.com "${issuer[@]}")
summaries=(--certificate-identity promoter-summaries@k8s-releng-prod.iam.gserviceaccount.com "${issuer[@]}")

# A file with what proves it, and with what does not.
prove() {
    local path=$1 name=${1##*/} listed
    get "$FILES/release/$VERSION/$path" --remote-name "$FILES/release/$VERSION/$path.sig" \
        --remote-name "$FILES/release/$VERSION/$path.cert" --remote-name "$FILES/release/$VERSION/$path.sha256"
    echo "$(<"$name.sha256")  $name" | step sha256sum --check --quiet
    step "$COSIGN" verify-blob --new-bundle-format=false --rekor-url "$REKOR" "${staging[@]}" \
        --signature "$name.sig" --certificate "$name.cert" "$name"
    [ "$path" = kubernetes-release.spdx ] && return
    # The signature does not say which file of which version it is for: the SBOM does.
    listed=$(step awk -v path="$path" '$1 == "FileName:" { here = $2 == path }
        here && $1 == "FileChecksum:" && $2 == "SHA256:" { print $3; exit }' kubernetes-release.spdx)
    [ -z "$listed" ] || echo "$listed  $name" | step sha256sum --check --quiet
}

prove kubernetes-release.spdx
step sed -n 's/^FileName: //p' kubernetes-release.spdx | sort -u >files
while read -r path; do
    prove "$path"
done <files
prove kubernetes-source.spdx

# Each image for a platform, and the index of them.
grep 'SPDXID: SPDXRef-Package-registry.k8s.io' kubernetes-release.spdx | step grep -v sha256 | cut -d- -f3- |
    sed 's/-/\//' | sed 's/-v1/:v1/' | sed "s/^registry.k8s.io/$REGISTRY/" >images
sed -E 's/-(amd64|arm64|arm|ppc64le|s390x):/:/' images | sort -u - images >all
while read -r image; do
    pinned=$REGISTRY/${image#*/}
    step "$COSIGN" verify --allow-http-registry --new-bundle-format=false "${trust[@]}" --output json "$pinned" >signed
    digest=$(step jq --raw-output '.[0].critical.image["docker-manifest-digest"]' signed)
    pinned=${pinned%:*}@$digest
    step "$COSIGN" verify-attestation --allow-http-registry --trusted-root "$TRUSTED_ROOT" "${trust[@]}" \
        --type https://k8s.io/promo-tools/promotion/v1 "$pinned" >record
    step "$COSIGN" verify-attestation --allow-http-registry --trusted-root "$TRUSTED_ROOT" "${summaries[@]}" \
        --type https://slsa.dev/verification_summary/v1 "$pinned" >summary
done <all

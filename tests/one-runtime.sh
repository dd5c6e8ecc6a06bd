#!/usr/bin/env bash
# Checks that a `[patch]` table with `compat` leaves one runtime: in the graph of the
# crates, in the lock file, and in the component itself.
#
#     tests/one-runtime.sh
#
# Stops at the first failure and says what it was.
set -euo pipefail
cd "$(dirname "$0")/../guest-tests"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Builds a guest and prints the path of its component.
component() {
    local directory=$1 package=$2
    (
        cd "$directory"
        cargo build --quiet --release --target wasm32-wasip2 --package "$package" \
            --message-format json |
            grep -o '"[^"]*/release/'"$package"'\.wasm"' | tail -n 1 | tr -d '"'
    )
}

# How often a pattern occurs in the names of the functions of a component.
count() {
    { grep -a -o "$2" "$1" || true; } | wc -l
}

echo "check: the graph of the patched guest"
tree=$(cd patch && cargo tree --target wasm32-wasip2 --edges normal --prefix none)
grep -q '^wit-bindgen v0\.63\.99 ' <<<"$tree" ||
    fail "the patched guest does not have the wit-bindgen of compat"
if grep '^wit-bindgen v0\.63\.' <<<"$tree" | grep -v '^wit-bindgen v0\.63\.99 '; then
    fail "the patched guest has a wit-bindgen 0.63 beside that of compat"
fi
users=$(cd patch && cargo tree --target wasm32-wasip2 --edges normal --prefix none \
    --invert wit-bindgen@0.63.99)
grep -q '^wasip3 v' <<<"$users" || fail "wasip3 does not use the wit-bindgen of compat"
if grep -q 'patch.unused' patch/Cargo.lock; then
    fail "guest-tests/patch/Cargo.lock says that the patch is not used"
fi

echo "check: the functions of the patched component"
theirs='wit_bindgen2rt13async_support'
ours='9wit_async'
mixed=$(component . interop)
[[ $(count "$mixed" "$theirs") -gt 0 ]] ||
    fail "$mixed links several versions of wit-bindgen, but has no function that is named" \
        "like $theirs: this check checks nothing"
patched=$(component patch patch)
[[ $(count "$patched" "$ours") -gt 0 ]] || fail "$patched has no function of wit-async"
found=$(count "$patched" "$theirs")
[[ $found -eq 0 ]] || fail "$patched has $found functions of wit-bindgen's runtime"

echo "ok: one runtime in the patched guest"

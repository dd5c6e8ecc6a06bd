#!/usr/bin/env bash
# Checks that wit-async compiles with every set of features that matters, for the
# guests' target and the native one, each set in an invocation of its own, so that
# cargo cannot unify them; and that guests get wit-bindgen without its runtime.
#
#     tests/features.sh
#
# Stops at the first failure and says what it was.
set -euo pipefail
cd "$(dirname "$0")/.."

features=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' Cargo.toml | grep -vx default | xargs)
if [[ -z $features ]]; then
    echo "FAILED: found no features in Cargo.toml" >&2
    exit 1
fi
native=$(rustc -vV | sed -n 's/^host: //p')

check() {
    local target=$1 what=$2
    shift 2
    echo "check: $target, $what"
    # In release, because the generator is built for that anyway.
    if ! cargo check --quiet --release --package wit-async --target "$target" "$@"; then
        echo "FAILED: cargo check --release --package wit-async --target $target $*" >&2
        exit 1
    fi
}

for target in wasm32-wasip2 "$native"; do
    check "$target" "no features" --no-default-features
    check "$target" "default features"
    check "$target" "all features" --all-features
    for feature in $features; do
        check "$target" "only $feature" --no-default-features --features "$feature"
    done
done

# The names that wit-bindgen has, because a renamed dependency may ask for them.
for name in macros realloc async async-spawn inter-task-wakeup futures-stream std bitflags \
    macro-string; do
    if [[ " $features " != *" $name "* ]]; then
        echo "FAILED: wit-async has no feature \`$name\`, which wit-bindgen has" >&2
        exit 1
    fi
    if ! grep -q "^$name = " compat/Cargo.toml; then
        echo "FAILED: compat/Cargo.toml does not forward the feature \`$name\`" >&2
        exit 1
    fi
done

# Whatever version of wit-bindgen a guest has by way of wit-async, it must not have
# that version's runtime.
tree=$(cargo tree --manifest-path guest-tests/Cargo.toml --package smoke \
    --target wasm32-wasip2 --edges features,no-build)
if ! grep -q 'wit-bindgen v' <<<"$tree"; then
    echo "FAILED: the tree of the guest has no wit-bindgen, so this check checks nothing" >&2
    exit 1
fi
if found=$(grep -E 'wit-bindgen feature "(async|async-spawn|inter-task-wakeup|futures-stream)"' \
    <<<"$tree"); then
    echo "FAILED: a guest gets the runtime of wit-bindgen:" >&2
    echo "$found" >&2
    exit 1
fi
echo "ok: every set of features compiles, and guests have wit-bindgen without its runtime"

# Sourced by the scripts beside it that people start; sets ROOT, as_root, stage and enter_checkout.
# shellcheck shell=bash

umask 022
ROOT=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
export ROOT
# Longer, and the sockets of Slurm's job steps pass the 107 bytes that the kernel allows a path.
readonly LONGEST_ROOT=44
readonly COPIES=/var/lib/kesuan/checkouts

say() { printf '%s\n' "$*" >&2; }

# Run one command as root. With sudo, what pip, npm and the network need stays in the environment.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
        return
    fi
    if ! command -v sudo >/dev/null; then
        say "this needs root, or sudo: $*"
        return 1
    fi
    local keep=() name
    while IFS= read -r name; do
        case $name in
        PIP_* | npm_config_* | NPM_CONFIG_* | KESUAN_* | CI | *_proxy | *_PROXY | SSL_CERT_*)
            keep+=("$name=${!name}")
            ;;
        esac
    done < <(compgen -e)
    sudo -- env "${keep[@]}" "$@"
}

# Run one of scripts/stage/commands as root; it needs nothing but Debian's Python.
stage() {
    local command=$1
    shift
    as_root env PYTHONPATH="$ROOT/scripts" PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8 \
        /usr/bin/python3 -m "stage.commands.$command" "$@"
}

# True when every folder above the checkout may be passed by everybody, so by the service user.
everybody_may_enter() {
    local folder=$1
    while [ "$folder" != / ]; do
        case $(stat -c %A "$folder") in
        *[xt]) ;;
        *) return 1 ;;
        esac
        folder=$(dirname "$folder")
    done
}

# Web, agent and jobs run as a user of their own, who cannot enter /root or a private folder. From
# such a place the script works in a copy, brought up to date first: enter_checkout NAME "$@".
enter_checkout() {
    local script=$1 copy
    shift
    if [ "${#ROOT}" -le "$LONGEST_ROOT" ] && everybody_may_enter "$ROOT"; then
        return
    fi
    copy=$COPIES/$(printf '%s' "$ROOT" | sha256sum | cut -c 1-8)
    say "$ROOT is private or has a long path: working in $copy"
    as_root install -d -m 755 "$(dirname "$COPIES")" "$COPIES"
    as_root install -d -m 755 -o "$(id -un)" "$copy"
    copy_checkout "$ROOT" "$copy"
    # What runs and what it wrote is then found in the checkout all the same.
    if [ ! -e "$ROOT/var" ] && [ -w "$ROOT" ]; then ln -s "$copy/var" "$ROOT/var"; fi
    exec "$copy/scripts/$script" "$@"
}

# Copy what git knows or would know; outside git, everything but what is built. A file that has gone
# from the checkout goes from the copy as well, and what was built in the copy stays.
copy_checkout() {
    local from=$1 to=$2 fresh
    fresh=$(mktemp)
    # The checkout may belong to the person who typed sudo, whom git would not trust otherwise.
    if git -c safe.directory="$from" -C "$from" rev-parse --git-dir >/dev/null 2>&1; then
        (cd "$from" &&
            git -c safe.directory="$from" ls-files -z --cached --others --exclude-standard |
            while IFS= read -r -d '' file; do
                if [ -e "$file" ] || [ -L "$file" ]; then printf '%s\0' "$file"; fi
            done) >"$fresh"
    else
        (cd "$from" && find . \
            \( -path ./.git -o -path ./var -o -path ./.venv -o -path ./node_modules \) -prune \
            -o \( -type f -o -type l \) -print0) >"$fresh"
    fi
    if [ -f "$to/.copied" ]; then
        comm -z -23 <(sort -z "$to/.copied") <(sort -z "$fresh") |
            (cd "$to" && xargs -0 --no-run-if-empty rm -f --)
    fi
    tar -C "$from" --null -T "$fresh" -cf - | tar -C "$to" --no-same-owner -xpf -
    mv "$fresh" "$to/.copied"
}

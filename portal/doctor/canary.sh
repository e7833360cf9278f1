#!/bin/bash
# The canary of `kesuan doctor`: says from a node who it is, what time it is there, and which
# environments it finds. Constant: what to look for is in environments.tsv beside it.
there() {
    case $1 in
        venv) [ -x "$2/bin/python" ] ;;
        apptainer) [ -r "$2" ] && { command -v apptainer || command -v singularity; } >/dev/null ;;
        modules) bash -lc 'for m in $1; do module load "$m" || exit 1; done' modules "$2" 2>/dev/null ;;
        plain) command -v "$2" >/dev/null ;;
        *) false ;;
    esac
}
{
    echo "host=$(hostname)"
    echo "user=$(id -un)"
    echo "epoch=$(date +%s.%N)"
    echo "python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)"
    while IFS=$'\t' read -r name kind what; do
        there "$kind" "$what" || echo "missing=$name"
    done <environments.tsv
} >canary.part
mv canary.part canary.txt

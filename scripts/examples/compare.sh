#!/bin/bash
# Trains what runs.csv says, waits, and takes every model home: a teacher's afternoon as a script.
#   KESUAN_SERVER=https://kesuan.example.edu scripts/examples/compare.sh LOGIN PASSWORD_FILE FOLDER
# Started again after a broken connection it goes on where it was: no row is trained twice.
set -euo pipefail
login=$1 password_file=$2 folder=$3
here=$(dirname "$(readlink -f "$0")")

# For a day, and for what is done here: whoever finds the token can change neither data nor people.
kesuan login "$login" --password-file "$password_file" --scope read --scope train --days 1
runs=$(kesuan submit --from "$here/runs.csv" --wait)
while IFS=$'\t' read -r row run _; do
    kesuan results "$run" --into "$folder/$(basename "$row")"
done <<< "$runs"

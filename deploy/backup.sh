#!/bin/sh
# Put everything that Errand keeps into one file, while it runs: deploy/backup.sh FILE
#
# With DATABASE_URL (straight to PostgreSQL, not through a pooler) and MEDIA_DIR: that database and that folder, with the
# pg_dump of this machine. Without DATABASE_URL: the containers of deploy/compose.yaml, Better Auth's database included.
# Settings and secrets are not in it: keep deploy/.env, or /etc/errand.env, yourself.
set -eu

file=${1:?say where to: deploy/backup.sh FILE}
if [ -e "$file" ]; then
    echo "$file is there already. Choose another name." >&2
    exit 1
fi
umask 077  # all that people said is in here
work=$(mktemp -d)
trap 'rm -rf "$work" "$file.part"' EXIT

compose() {
    docker compose -f "$(dirname "$0")/compose.yaml" "$@"
}

# The database before the files: what is uploaded meanwhile has then no row, instead of a row without its file.
if [ -n "${DATABASE_URL:-}" ]; then
    media=${MEDIA_DIR:?say where uploaded files are kept}
    pg_dump --format=custom --dbname="$DATABASE_URL" --file="$work/errand.dump"
    mkdir -p "$media"
    tar -cf "$work/media.tar" -C "$media" .
else
    for name in errand better_auth; do
        compose exec -T postgres pg_dump --format=custom --username=errand "$name" >"$work/$name.dump"
    done
    compose run --rm --no-deps -T worker sh -c 'mkdir -p /data/media && tar -cf - -C /data/media .' >"$work/media.tar"
fi

# Whole, or not there at all.
tar -cf "$file.part" -C "$work" .
mv "$file.part" "$file"
echo "Everything is in $file."

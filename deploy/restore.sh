#!/bin/sh
# Bring back what deploy/backup.sh put into a file: deploy/restore.sh FILE
#
# Into an empty database and an empty folder only: nothing is overwritten. DATABASE_URL and MEDIA_DIR name them; without
# DATABASE_URL they are those of deploy/compose.yaml, of which nothing but PostgreSQL may run.
# A database is loaded whole or not at all; the files, which fail only where the disk is full, come last.
set -eu

file=${1:?say what from: deploy/restore.sh FILE}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar -xf "$file" -C "$work"

compose() {
    docker compose -f "$(dirname "$0")/compose.yaml" "$@"
}

query() { # DATABASE SQL
    if [ -n "${DATABASE_URL:-}" ]; then
        psql --no-psqlrc --quiet --tuples-only --no-align --dbname="$DATABASE_URL" --command="$2"
    else
        compose exec -T postgres psql --quiet --tuples-only --no-align --username=errand --dbname="$1" --command="$2"
    fi
}

in_media() { # COMMAND, run in the folder of uploaded files
    if [ -n "${DATABASE_URL:-}" ]; then
        mkdir -p "$media" && (cd "$media" && sh -c "$1")
    else
        compose run --rm --no-deps -T worker sh -c "mkdir -p /data/media && cd /data/media && $1"
    fi
}

load() { # DATABASE
    # As whoever restores owns it; comments on extensions belong to a superuser.
    set -- "$1" --single-transaction --exit-on-error --no-owner --no-privileges --no-comments
    name=$1
    shift
    if [ -n "${DATABASE_URL:-}" ]; then
        pg_restore "$@" --dbname="$DATABASE_URL" <"$work/$name.dump"
    else
        compose exec -T postgres pg_restore "$@" --username=errand --dbname="$name" <"$work/$name.dump"
    fi
}

names=errand
if [ -z "${DATABASE_URL:-}" ]; then
    names="errand better_auth"
else
    media=${MEDIA_DIR:?say where uploaded files are to be kept}
fi

TABLES="SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
for name in $names; do
    if [ "$(query "$name" "$TABLES")" != 0 ]; then
        echo "The database $name is not empty. Nothing was changed." >&2
        exit 1
    fi
done
if [ -n "$(in_media 'ls -A')" ]; then
    echo "The folder of uploaded files is not empty. Nothing was changed." >&2
    exit 1
fi

for name in $names; do
    load "$name"
done
in_media 'tar -xf -' <"$work/media.tar"
echo "Everything is back. Now migrate, and start Errand."

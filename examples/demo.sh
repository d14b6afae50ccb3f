#!/bin/sh
# Runs an example notebook with provkg in a home of its own and asks about it: `make demo`.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/${BIN:-.venv/bin}:$PATH"
PROVKG_HOME="$PWD/${DEMO:-demo}/.provkg"
export PATH PROVKG_HOME

say() {
    if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi
}

step() {
    printf '\n$ provkg'
    for word in "$@"; do
        case $word in
        *[!A-Za-z0-9_./=:,~-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    provkg "$@"
}

rm -rf "$PROVKG_HOME"

say 'An unchanged notebook, run twice: once as it is, once with another split.'
step run examples/penguins.ipynb
step run --quiet examples/penguins.ipynb -p test_size=0.2

say 'What is recorded?'
step runs
step show logistic

say 'Questions.'
step ask which_data_trained_model -p model=logistic
step ask best_runs_by_metric -p metric=f1_macro
step ask how_was_data_split

say 'A query of your own.'
step sparql 'SELECT ?run ?acc WHERE { GRAPH ?g { ?run metric:accuracy ?acc } } ORDER BY DESC(?acc) LIMIT 5'

printf '\nThe record is in %s. Go on with: %s questions\n' "${DEMO:-demo}/.provkg" "PROVKG_HOME=${DEMO:-demo}/.provkg ${BIN:-.venv/bin}/provkg"

#!/bin/sh
# embed.sh PREFIX FILE.lua... > header
#
# Makes one C constant a script: PREFIX_take, of the type PREFIX_t, from take.lua.
# The type is the including file's and begins with { const char *name, *text; size_t
# len; }. Only the text is embedded: the server tells the digest (SCRIPT LOAD).
#
# A line "--@include name.lua" stands for that file, looked up in the folder of the
# script it stands in.
set -eu

[ $# -ge 2 ] || { echo "usage: embed.sh PREFIX FILE.lua..." >&2; exit 2; }
prefix=$1
shift

# Prints the file with its includes in place.
expand() {
    awk -v dir="$(dirname "$1")" '
        function copy(file,    line, status) {
            while ((status = (getline line < file)) > 0) {
                print line
            }
            if (status < 0) {
                print "embed.sh: cannot read " file > "/dev/stderr"
                exit 1
            }
            close(file)
        }
        $1 == "--@include" { copy(dir "/" $2); next }
        { print }
    ' "$1"
}

echo "/* Made by core/scripts/embed.sh from the .lua files. */"
for file in "$@"; do
    name=$(basename "$file" .lua)
    text=$(expand "$file")
    printf '\nstatic const char %s_%s_text[] =\n' "$prefix" "$name"
    printf '%s\n' "$text" | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/    "/; s/$/\\n"/'
    printf '    ;\nstatic const %s_t %s_%s = {"%s", %s_%s_text, sizeof(%s_%s_text) - 1};\n' \
        "$prefix" "$prefix" "$name" "$name" "$prefix" "$name" "$prefix" "$name"
done

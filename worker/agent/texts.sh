#!/bin/sh
# texts.sh FILE.json... > header
#
# Makes a C table of the texts in the message catalogues that come with the program: each name
# once, sorted, with what may stand in braces in it, in whatever language. A text is a line of
# its own in those files; t/unit/test_catalogue_check.c holds the table against them.
set -eu

[ $# -ge 1 ] || { echo "usage: texts.sh FILE.json..." >&2; exit 2; }

echo "/* Made by worker/agent/texts.sh from the shipped message catalogues. */"
echo "static const known_text_t known_texts[] = {"
cat "$@" | LC_ALL=C awk '
    /^  "texts": \{/ { in_texts = 1; next }
    /^  }/           { in_texts = 0 }
    in_texts && match($0, /^    "[^"]*": "/) {
        name = substr($0, 6, RLENGTH - 9)
        rest = substr($0, RLENGTH + 1)
        if (!(name in params)) { params[name] = "" }
        while (match(rest, /\{[^{}]*\}/)) {
            param = substr(rest, RSTART, RLENGTH)
            if (!index(params[name], param)) { params[name] = params[name] param }
            rest = substr(rest, RSTART + RLENGTH)
        }
    }
    END { for (name in params) { printf "    {\"%s\", \"%s\"},\n", name, params[name] } }
' | LC_ALL=C sort
echo "};"

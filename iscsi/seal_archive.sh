#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes one object of an archive in which only default-visibility names can be linked against, so that the
# library's inner names cannot clash with its user's. Usage: seal_archive.sh IN OUT SCRATCH_FOLDER
set -eu
mkdir -p "$3"
ld -r -o "$3/sealed.o" --whole-archive "$1"
objcopy --localize-hidden "$3/sealed.o"
rm -f "$2"
ar rcs "$2" "$3/sealed.o"

#!/bin/sh
# A policy-rc.d: what packages being installed want to start is not started (101); all else is done (0).
#
#   start_nothing.sh [--quiet] SERVICE ACTION [RUNLEVEL]
#
# An action in brackets is one that Debian would not do by itself at this runlevel.
for word; do
    case $word in
        start | \(*\)) exit 101 ;;
    esac
done
exit 0

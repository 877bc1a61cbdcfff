#!/bin/sh
# The script of everything-taskcluster-worker.yml.
set -eu

echo "called with: $*"
echo "MODE is $MODE, TASK_ID is $TASK_ID"
echo "the context says: $(cat everything-taskcluster-worker.txt)"

mkdir -p results/more
cp everything-taskcluster-worker.txt results/said.txt
echo "<p>$MODE</p>" >results/more/page.html

#!/bin/sh
# The script of the first task of hello.yml. It is not on the machine: the worker downloads it into the task user's home.
set -eu

echo "$GREETING from $(id -un), uid $(id -u), groups $(id -G)"
echo "my home is $HOME, and this is all that is in it:"
ls -A "$HOME"
echo "my directory is $(pwd)"
echo "task $TASK_ID, run $RUN_ID"

mkdir -p results/numbers
echo "$GREETING" >results/greeting.txt
for n in 1 2 3; do
  echo "$n squared is $((n * n))" >"results/numbers/$n.txt"
done

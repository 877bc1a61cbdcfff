import assert from "node:assert/strict";
import { test } from "node:test";
import { type MemoryLimits, MemoryWatch } from "../../agent/memory/watch.ts";
import { ScriptedMachine } from "./scripted-machine.ts";

const limits: MemoryLimits = {
  maxMemoryUsagePercent: 90,
  minAvailableMemoryBytes: 50,
  allowedHighMemoryDurationSecs: 0,
};

function watched(machine: ScriptedMachine, more: Partial<MemoryLimits> = {}) {
  const watch = new MemoryWatch(machine, 1);
  const told: number[] = [];
  const shares = [1, 2, 3].map((uid) => watch.watch(uid, { ...limits, ...more }, () => told.push(uid)));
  const stop = () => {
    for (const share of shares) share.stop();
  };
  return { told, shares, stop };
}

test("of all tasks the one with most memory is told, each time that memory was short for too long", async () => {
  const machine = new ScriptedMachine();
  machine.users = new Map([
    [0, 900],
    [1, 10],
    [2, 30],
    [3, 20],
  ]);
  const { told, shares, stop } = watched(machine);
  await machine.askedAgain(3);
  assert.deepEqual([...new Set(told)], [2]);
  shares[1]?.stop();
  told.length = 0;
  await machine.askedAgain(3);
  assert.deepEqual([...new Set(told)], [3]);
  stop();
});

for (const [what, users] of [
  ["processes cannot be listed", null],
  ["none of it is a task's", new Map([[0, 900]])],
] as const) {
  test(`nobody is told when memory is short and ${what}`, async () => {
    const machine = new ScriptedMachine();
    machine.users = users;
    const { told, stop } = watched(machine);
    await machine.askedAgain(3);
    assert.deepEqual(told, []);
    stop();
  });
}

test("nobody is told while one of the two limits is kept, or memory is not short for long enough", async () => {
  for (const more of [
    { maxMemoryUsagePercent: 96 },
    { minAvailableMemoryBytes: 40 },
    { allowedHighMemoryDurationSecs: 600 },
  ]) {
    const machine = new ScriptedMachine();
    const { told, stop } = watched(machine, more);
    await machine.askedAgain(5);
    stop();
    assert.deepEqual(told, [], JSON.stringify(more));
  }
});

test("a machine that does not answer is asked again", async () => {
  const machine = new ScriptedMachine();
  machine.memory = null;
  const { told, shares, stop } = watched(machine);
  await machine.askedAgain(3);
  assert.deepEqual(told, []);
  const measured = shares[0]?.measure();
  machine.memory = { totalBytes: 1000, availableBytes: 40 };
  await machine.askedAgain(3);
  stop();
  assert.notDeepEqual(measured?.end().rows, []);
});

test("a measurement sees what came after its beginning, and its own user", async () => {
  const machine = new ScriptedMachine();
  machine.memory = { totalBytes: 1000, availableBytes: 100 };
  machine.users = new Map([[1, 2048]]);
  const { shares, stop } = watched(machine);
  await machine.askedAgain(2);
  machine.memory = { totalBytes: 1000, availableBytes: 600 };
  await machine.askedAgain(2);
  const measured = shares[0]?.measure();
  await machine.askedAgain(25);
  stop();
  assert.deepEqual(measured?.end().rows, [
    ["Average Available System Memory", "600.00 B"],
    ["Average System Memory Used", "400.00 B"],
    ["Peak System Memory Used", "400.00 B"],
    ["Total System Memory", "1000.00 B"],
    ["Peak Memory of Task User", "2.00 KiB"],
  ]);
});

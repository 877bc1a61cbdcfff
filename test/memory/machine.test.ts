import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { test } from "node:test";
import { availableOfMeminfo, availableOfVmStat, bytesByUid, thisMachine } from "../../agent/memory/machine.ts";

// As a Mac with 16 GiB prints it.
const vmStat = `Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            300000.
Pages inactive:                           20000.
Pages speculative:                          500.
Pages throttled:                              0.
Pages wired down:                        100000.
"Translation faults":                1234567890.
`;

test("what vm_stat calls free, inactive and speculative is available", () => {
  assert.equal(availableOfVmStat(vmStat), 30_500 * 16_384);
});

test("a text that is none of vm_stat's says nothing", () => {
  assert.equal(availableOfVmStat("vm_stat: not found"), null);
  assert.equal(availableOfVmStat(vmStat.replace(/Pages inactive.*\n/, "")), null);
});

test("/proc/meminfo says what is available", () => {
  assert.equal(availableOfMeminfo("MemTotal:  8000 kB\nMemFree:  10 kB\nMemAvailable:    2048 kB\n"), 2_097_152);
  assert.equal(availableOfMeminfo("MemTotal:  8000 kB\n"), null);
});

test("the resident memory of processes is added up by uid", () => {
  assert.deepEqual(
    bytesByUid("    0   100\n 5001     8\n 5001    24\nsomething else\n"),
    new Map([
      [0, 102_400],
      [5001, 32_768],
    ]),
  );
});

test("this machine says what it has, and that this process has some of it", async () => {
  const memory = await thisMachine.machine();
  assert(memory && memory.availableBytes > 0 && memory.availableBytes < memory.totalBytes);
  const own = (await thisMachine.byUid())?.get(userInfo().uid) ?? 0;
  assert(own > 10e6);
});

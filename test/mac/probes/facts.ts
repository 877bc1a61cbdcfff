/** What the agent asks the machine of itself. */
import { totalmem } from "node:os";
import { availableOfVmStat, bytesByUid } from "../../../agent/memory/machine.ts";
import type { Probe } from "../probe.ts";

export const factsProbes: Probe[] = [
  {
    number: 59,
    claim: "vm_stat says its page size, and its free, inactive and speculative pages.",
    mark: "D",
    leansOn: ["agent/memory/machine.ts", "agent/memory/watch.ts"],
    asked: "vm_stat, read as the agent reads it",
    expected: ["some of the memory"],
    async ask(ground) {
      const { stdout } = await ground.run(ground.machine.vm_stat, []);
      const bytes = availableOfVmStat(stdout);
      const sane = bytes !== null && bytes > 0 && bytes < totalmem();
      return { seen: sane ? "some of the memory" : `${bytes}`, more: [`${bytes} of ${totalmem()} bytes`] };
    },
  },
  {
    number: 60,
    claim: "ps lists the resident size of every process with its uid, in kB.",
    mark: "D",
    leansOn: ["agent/memory/machine.ts"],
    asked: "ps -axo uid=,rss=, read as the agent reads it",
    expected: ["root uses some of the memory"],
    async ask(ground) {
      const sums = bytesByUid((await ground.run("/bin/ps", ["-axo", "uid=,rss="])).stdout);
      const own = sums.get(0) ?? 0;
      const sane = own > 10_000_000 && own < 2 * totalmem();
      return {
        seen: sane ? "root uses some of the memory" : `${own} bytes`,
        more: [`${own} bytes of ${sums.size} uids`],
      };
    },
  },
  {
    number: 61,
    claim: "sw_vers -productVersion prints the version alone.",
    mark: "D",
    leansOn: ["agent/host.ts", "helper/sweep.sh"],
    asked: "sw_vers -productVersion",
    expected: ["a version"],
    async ask(ground) {
      const { stdout } = await ground.run(ground.machine.sw_vers, ["-productVersion"]);
      return { seen: /^\d+(\.\d+){0,2}\n$/.test(stdout) ? "a version" : JSON.stringify(stdout), more: [stdout.trim()] };
    },
  },
];

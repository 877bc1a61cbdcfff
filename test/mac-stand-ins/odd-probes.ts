/** Probes that behave in every way in which one can, for the test of the suite that asks them. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeJob } from "../mac/job.ts";
import { NotAsked, type Probe } from "../mac/probe.ts";

const common = { mark: "F", leansOn: ["test/mac/suite.ts"], asked: "in its own way", expected: ["yes"] } as const;

/** A program that outlives its probe, and says by its argument what it is. */
const sleeper = () => spawn("/bin/sleep", ["654321"], { stdio: "ignore" });

export const probes: readonly Probe[] = [
  { ...common, number: 1, claim: "One holds.", ask: async () => ({ seen: "yes", more: ["at once"] }) },
  { ...common, number: 2, claim: "One differs.", ask: async () => ({ seen: "no" }) },
  {
    ...common,
    number: 3,
    claim: "One cannot be asked.",
    ask: async () => {
      throw new NotAsked("there is nobody");
    },
  },
  {
    ...common,
    number: 4,
    claim: "One hangs.",
    seconds: 5,
    ask: () => {
      sleeper();
      return new Promise(() => setInterval(() => {}, 1000));
    },
  },
  {
    ...common,
    number: 5,
    claim: "One crashes.",
    ask: async () => {
      sleeper();
      throw new Error("out of its depth");
    },
  },
  { ...common, number: 6, claim: "One ends without a word.", ask: () => process.exit(3) },
  { ...common, number: 7, claim: "One says nothing that can be read.", ask: () => process.exit(0) },
  {
    ...common,
    number: 8,
    claim: "One leaves everything that it can make, and crashes.",
    ask: async (ground) => {
      writeFileSync(join(ground.folder(), "file"), "");
      for (const type of ["Users", "Groups"] as const) await ground.dscl(".", "-create", ground.record(type));
      await ground.launchctl("bootstrap", "system", writeJob(ground, ["/bin/sleep", "600"]).plist);
      throw new Error("left it all");
    },
  },
];

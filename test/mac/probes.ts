/** Every question to a Mac, in the order in which they are asked. */
import type { Probe } from "./probe.ts";
import { becomingProbes } from "./probes/becoming.ts";
import { directoryProbes } from "./probes/directory.ts";
import { exampleProbes } from "./probes/examples.ts";
import { factsProbes } from "./probes/facts.ts";
import { installationProbes } from "./probes/installation.ts";
import { killingProbes } from "./probes/killing.ts";
import { launchdProbes } from "./probes/launchd.ts";
import { leavingProbes } from "./probes/leaving.ts";
import { nodeProbes } from "./probes/node.ts";
import { privacyProbes } from "./probes/privacy.ts";
import { sessionProbes } from "./probes/session.ts";

export const probes: readonly Probe[] = [
  ...directoryProbes,
  ...privacyProbes,
  ...becomingProbes,
  ...killingProbes,
  ...leavingProbes,
  ...nodeProbes,
  ...launchdProbes,
  ...sessionProbes,
  ...factsProbes,
  ...exampleProbes,
  ...installationProbes,
];

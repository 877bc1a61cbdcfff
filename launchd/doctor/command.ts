/** `doctor`: every check on this machine, as a table or as JSON. */
import { join } from "node:path";
import { configFile, logRoot, placesOf, stateRoot } from "../../helper/places.ts";
import { exitStatus } from "../../shared/exit-status.ts";
import type { Arguments } from "../arguments.ts";
import { instance, layoutOf } from "../layout.ts";
import type { Status } from "../refusal.ts";
import { checks } from "./checks.ts";
import { type Examined, examine } from "./examine.ts";
import { findInstallation } from "./installation.ts";
import type { Absolute, Machine } from "./machine.ts";
import { askServices } from "./services.ts";
import type { Paths, Subject } from "./subject.ts";
import { documentOf, tableOf } from "./table.ts";
import { thisMachine } from "./this-machine.ts";
import { runTrial } from "./trial.ts";

/** The installation's, with root's own places of this platform: on Linux nothing is installed, but helpers run. */
function pathsHere(): Paths {
  const places = placesOf(instance);
  const workerConfig = join(configFile, "../worker.yml");
  return { ...layoutOf(), stateRoot, logRoot, places, helperConfig: configFile, workerConfig };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

export async function subjectOf(machine: Machine, paths: Paths, launcher: Absolute): Promise<Subject> {
  const installation = await findInstallation(machine, paths);
  return {
    ...{ machine, paths, launcher, installation },
    trial: once(() => runTrial(machine, launcher)),
    services: once(() => askServices({ machine, paths, launcher, installation })),
  };
}

/** 1 when something must be mended; warnings are none, unless `strict`. */
export function statusOf(examined: readonly Examined[], strict: boolean): Status {
  const counts = strict ? ["fail", "warn"] : ["fail"];
  return examined.some(({ finding }) => counts.includes(finding.result)) ? exitStatus.failed : exitStatus.completed;
}

function usesColour({ stdout, env }: NodeJS.Process): boolean {
  return stdout.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

export async function doctor({ flags }: Arguments): Promise<Status> {
  const launcher: Absolute = `/${join(import.meta.dirname, "../../taskcluster-worker").slice(1)}`;
  const subject = await subjectOf(thisMachine, pathsHere(), launcher);
  const examined = await examine(checks, subject);
  const text = flags.has("json") ? documentOf(examined, subject) : tableOf(examined, usesColour(process));
  await new Promise((written) => process.stdout.write(text, written));
  return statusOf(examined, flags.has("strict"));
}

/** A real helper on the first free slice, in either form, and the agent's account. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { logRoot, type Places, placesOf } from "../../helper/places.ts";
import { type Slice, slices, writeConfig } from "../../helper/slice.ts";
import { liveAsStarter } from "../helper/living-starter.ts";
import type { StagedForms } from "./staged-forms.ts";

export type Form = "checkout" | "installed" | "direct";

export interface BenchHelper {
  readonly slice: Slice;
  readonly places: Places;
  readonly dscl: string;
  readonly pid: number;
  /** Who the agent is to run as. */
  readonly agent: { readonly uid: number; readonly home: string };
  /** Only when no agent is connected any more. */
  stop(): Promise<void>;
}

function agentAccount({ node, checkout }: StagedForms, action: "acquire" | "release"): string {
  const config = writeConfig(join(checkout, "agent-account.json"), 5500, checkout);
  const words = [join(checkout, "helper/agent-account.ts"), action, config];
  const run = spawnSync(node, words, { cwd: "/", env: {}, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`the agent's account: ${run.stderr.trim()}`);
  return run.stdout;
}

/** Its exit status when it could not listen; 75 when somebody else holds the slice. */
async function tryStart(forms: StagedForms, form: Form, slice: Slice): Promise<ChildProcess | number> {
  const places = placesOf(slice.name);
  for (const directory of [places.state, places.runParent]) mkdirSync(directory, { recursive: true });
  mkdirSync(places.logs, { recursive: true, mode: 0o700 });
  const config = writeConfig(`${places.state}/helper.json`, slice.firstUid, forms.checkout);
  const main = join(forms[form], form === "checkout" ? "helper/main.ts" : "helper/main.js");
  const flags = helperFlags(places, readConfig(config), form !== "checkout");
  const log = openSync(`${places.logs}/helper.log`, "a", 0o600);
  const child = spawn(forms.node, [...flags, main, "--instance", slice.name, "--config", config, "--lifeline"], {
    ...{ cwd: "/", env: {}, detached: true, stdio: ["pipe", "pipe", log] },
  });
  const { stdout } = child;
  if (!stdout) throw new Error("the helper was started without a pipe");
  const exited = once(child, "exit").then(([status]) => (typeof status === "number" ? status : 70));
  return Promise.race([exited, once(stdout, "data").then(() => child)]);
}

/** As root. Throws when every slice is taken or the helper cannot start. */
export async function startBenchHelper(forms: StagedForms, form: Form): Promise<BenchHelper> {
  liveAsStarter();
  mkdirSync(logRoot, { recursive: true });
  const agent: { uid: number; home: string } = JSON.parse(agentAccount(forms, "acquire"));
  for (const slice of slices) {
    const started = await tryStart(forms, form, slice);
    if (started === 75) continue;
    const places = placesOf(slice.name);
    if (typeof started === "number" || started.pid === undefined) {
      agentAccount(forms, "release");
      throw new Error(`the helper ended: read ${places.logs}/helper.log`);
    }
    const { pid } = started;
    return {
      ...{ slice, places, pid, agent },
      dscl: readConfig(`${places.state}/helper.json`).dscl,
      async stop() {
        const gone = once(started, "exit");
        started.stdin?.end();
        await gone;
        agentAccount(forms, "release");
      },
    };
  }
  agentAccount(forms, "release");
  throw new Error(`all ${slices.length} slices are held by running workers; wait for one to end`);
}

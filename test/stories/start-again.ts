/** What the start after a crash, or after a reboot, does to what was left. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { stateRoot } from "../../helper/places.ts";
import { slices, startHelper, writeConfig } from "../../helper/slice.ts";
import { stage } from "../../helper/stage.ts";
import { agentAccount } from "../helper/prepared.ts";
import { checkout } from "./launched.ts";

function sliceOf(uid: number): (typeof slices)[number] {
  const slice = slices.find(({ firstUid }) => uid >= firstUid && uid < firstUid + 25);
  assert.ok(slice);
  return slice;
}

/** The next start of the instance that has this uid, and its clean end. */
export async function startAgain(uid: number): Promise<void> {
  mkdirSync(`${stateRoot}/staged`, { recursive: true });
  const { node, code } = await stage(checkout, process.execPath, `${stateRoot}/staged`);
  const config = writeConfig(`${stateRoot}/private/start-again-${process.pid}.json`, 5500, code);
  agentAccount(node, code, "acquire", config);
  const helper = await startHelper(sliceOf(uid), node, code);
  if (typeof helper === "number") {
    assert.equal(helper, 75, "somebody else's run has started the instance already");
  } else {
    helper.stdin?.end();
    await once(helper, "exit");
  }
  agentAccount(node, code, "release", config);
  rmSync(config);
}

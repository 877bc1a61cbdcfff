/**
 * Asks one probe in a process of its own, so that one that hangs or crashes is one failed probe:
 * `node ask.ts LIST NUMBER LEDGER MACHINE`. The last line of stdout is the answer.
 */
import { Ground } from "./ground.ts";
import { Ledger } from "./ledger.ts";
import { listOf } from "./list-of.ts";
import { isMachine } from "./machine.ts";
import { NotAsked } from "./probe.ts";

const [list = "", number = "", ledger = "", paths = ""] = process.argv.slice(2);
const machine: unknown = JSON.parse(paths);
if (!isMachine(machine)) throw new Error("MACHINE does not name every program");
const probe = (await listOf(list)).find((each) => each.number === Number(number));
if (!probe) throw new Error(`${list} has no probe ${number}`);
const answer = await probe.ask(new Ground(machine, new Ledger(ledger))).catch((error: unknown) => {
  if (error instanceof NotAsked) return { notAsked: error.message };
  throw error;
});
process.stdout.write(`${JSON.stringify(answer)}\n`);
process.exit(0); // Whatever a probe has left open.

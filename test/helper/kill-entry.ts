/** Kills every process of a uid, as the helper does, and prints what came of it: `node kill-entry.ts UID FOLDER`. */
import { Audit } from "../../helper/audit.ts";
import { killProcesses } from "../../helper/reap.ts";
import { configOf } from "./one-uid.ts";

const [uid, folder] = process.argv.slice(2);
const helper = { audit: new Audit(`${folder}/audit.log`), config: configOf(Number(uid)) };
process.stdout.write(JSON.stringify(await killProcesses(Number(uid), helper)));

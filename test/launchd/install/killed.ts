/** An installation on the Mac in the folder of the first argument, which kills itself at the point of the second. */
import { FakeMac } from "./mac.ts";

const [folder = "", at = ""] = process.argv.slice(2);
let left = Number(at);
const point = (): void => {
  if (left-- === 0) process.kill(process.pid, "SIGKILL");
};
await FakeMac.at(folder).command("install --agent-user ci --config SETTINGS --volume 200g", {
  observer: { begin: point, end: point },
});

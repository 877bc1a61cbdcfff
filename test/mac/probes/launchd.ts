/** launchd: the commands of an installation with their exit codes, and what our plists ask of it. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endOf, type Ground } from "../ground.ts";
import { asDaemon, linesOf, until, writeJob } from "../job.ts";
import { type Answer, probesOf } from "../probe.ts";

/** A job that writes a line each time it starts, and then sleeps. */
const sleeper = (file: string): string[] => ["/bin/sh", "-c", 'echo started >>"$1"; exec /bin/sleep 600', "sh", file];

async function roundTrip(ground: Ground): Promise<Answer> {
  const file = join(ground.folder(), "starts");
  const { plist, target } = writeJob(ground, sleeper(file));
  const ends: string[] = [];
  const call = async (...argv: string[]): Promise<void> => {
    ends.push(`${argv[0]} ${(await ground.launchctl(...argv)).exit}`);
  };
  await call("enable", target);
  await call("bootstrap", "system", plist);
  await until(() => linesOf(file).length === 1, "the job has started");
  await call("print", target);
  await call("kickstart", "-k", target);
  await until(() => linesOf(file).length === 2, "the job has started again");
  await call("bootout", target);
  await until(async () => (await ground.launchctl("print", target)).exit !== 0, "the job is gone");
  await call("print", target);
  await call("bootout", target);
  return { seen: ends.join(", ") };
}

async function twice(ground: Ground): Promise<Answer> {
  const { plist } = writeJob(ground, ["/bin/sleep", "600"]);
  await ground.launchctl("bootstrap", "system", plist);
  const again = await ground.launchctl("bootstrap", "system", plist);
  return { seen: endOf(again), more: [again.stderr.trim()] };
}

async function writableByOthers(ground: Ground): Promise<Answer> {
  const { plist } = writeJob(ground, ["/bin/sleep", "600"]);
  chmodSync(plist, 0o666);
  const ran = await ground.launchctl("bootstrap", "system", plist);
  return { seen: ran.exit === 0 ? "loaded" : "refused", more: [`${endOf(ran)}: ${ran.stderr.trim()}`] };
}

/** How often a job with our KeepAlive is started that ends so. */
async function restarts(ground: Ground, status: number): Promise<Answer> {
  const file = join(ground.folder(), "starts");
  const argv = ["/bin/sh", "-c", `echo started >>"$1"; exit ${status}`, "sh", file];
  const { plist } = writeJob(ground, argv, { KeepAlive: { SuccessfulExit: false }, ThrottleInterval: 10 });
  await ground.launchctl("bootstrap", "system", plist);
  await until(() => linesOf(file).length > 0, "the job has started");
  await delay(25_000); // Twice the ThrottleInterval: a second start cannot be waited for that must not come.
  const starts = linesOf(file).length;
  return { seen: starts === 1 ? "once" : "again", more: [`${starts} starts`] };
}

/** A job that ignores SIGTERM, with an ExitTimeOut of 5 seconds. */
async function stubborn(ground: Ground): Promise<Answer> {
  const file = join(ground.folder(), "said");
  const script = `trap 'echo TERM >>"$1"' TERM; echo started >>"$1"; while :; do /bin/sleep 1; done`;
  const { plist, target } = writeJob(ground, ["/bin/sh", "-c", script, "sh", file], { ExitTimeOut: 5 });
  await ground.launchctl("bootstrap", "system", plist);
  await until(() => linesOf(file).length > 0, "the job has started");
  const begun = performance.now();
  await ground.launchctl("bootout", target);
  await until(async () => (await ground.launchctl("print", target)).exit !== 0, "the job is gone", 60_000);
  const seconds = (performance.now() - begun) / 1000;
  const heard = linesOf(file).includes("TERM") ? "TERM" : "nothing";
  return {
    seen: `${heard}, then ${seconds >= 4 ? "an end at its time" : "an end at once"}`,
    more: [`${seconds.toFixed(1)} s`],
  };
}

export const launchdProbes = probesOf({ leansOn: ["launchd/plists.ts"] }, [
  {
    number: 46,
    claim:
      "A system job goes through enable, bootstrap, print, kickstart and bootout with the exit codes that an installer waits for.",
    mark: "D",
    asked: "launchctl enable, bootstrap, print, kickstart -k, bootout, print, bootout of a job of our own",
    expected: ["enable 0, bootstrap 0, print 0, kickstart 0, bootout 0, print 113, bootout 3"],
    seconds: 120,
    ask: roundTrip,
  },
  {
    number: 47,
    claim: "A job that is loaded cannot be bootstrapped again.",
    mark: "D",
    asked: "launchctl bootstrap system PLIST, twice",
    expected: ["exit 5", "exit 37"],
    ask: twice,
  },
  {
    number: 48,
    claim: "A plist that others can write to is refused.",
    mark: "V",
    asked: "launchctl bootstrap system PLIST with mode 0666",
    expected: ["refused"],
    ask: writableByOthers,
  },
  {
    number: 49,
    claim:
      "With KeepAlive SuccessfulExit false a job that ends with 0 stays ended: a drained worker does not come back.",
    mark: "V",
    asked: "a job with exit 0, looked at for 25 seconds",
    expected: ["once"],
    seconds: 120,
    ask: (ground) => restarts(ground, 0),
  },
  {
    number: 50,
    claim: "The same job that ends otherwise is started again after ThrottleInterval.",
    mark: "V",
    asked: "a job with exit 70, looked at for 25 seconds",
    expected: ["again"],
    seconds: 120,
    ask: (ground) => restarts(ground, 70),
  },
  {
    number: 51,
    claim: "A job that is stopped gets SIGTERM, and is killed only after its ExitTimeOut.",
    mark: "D",
    asked: "bootout of a job that ignores SIGTERM, with an ExitTimeOut of 5",
    expected: ["TERM, then an end at its time"],
    seconds: 150,
    ask: stubborn,
  },
  {
    number: 52,
    claim: "launchd gives a system job no variable that Node reads.",
    mark: "D",
    asked: "the names of /usr/bin/env in a job that begin with NODE_, DYLD_, UV_, OPENSSL_, SSL_ or ICU_",
    expected: ["none"],
    async ask(ground) {
      const file = join(ground.folder(), "env");
      const { plist } = writeJob(ground, ["/bin/sh", "-c", '/usr/bin/env >"$1"; echo end >>"$1"', "sh", file]);
      await ground.launchctl("bootstrap", "system", plist);
      await until(() => linesOf(file).includes("end"), "the job has ended");
      const names = linesOf(file).map((line) => line.split("=")[0] ?? "");
      return {
        seen: names.filter((name) => /^(NODE|DYLD|UV|OPENSSL|SSL|ICU)_/.test(name)).join(" ") || "none",
        more: [names.join(" ")],
      };
    },
  },
  {
    number: 53,
    claim: "The checked-in plists are property lists to macOS, too.",
    mark: "D",
    asked: "plutil -lint of both",
    expected: ["exit 0"],
    async ask(ground) {
      const folder = join(import.meta.dirname, "../../../launchd");
      const files = ["helper", "agent"].map((name) => join(folder, `org.taskcluster.worker.${name}.plist`));
      const ran = await ground.run(ground.machine.plutil, ["-lint", ...files]);
      return {
        seen: endOf(ran),
        more: ran.stdout
          .trim()
          .split("\n")
          .map((line) => line.replace(/^.*\//, "")),
      };
    },
  },
  {
    number: 54,
    claim: "A system job of our own Node can start programs: nobody has to allow it at the screen first.",
    mark: "D",
    asked: "/bin/sh -c 'exit 7' as the child of a system job whose main program is our Node",
    expected: ["exit 7"],
    async ask(ground) {
      return { seen: endOf(await asDaemon(ground, "/bin/sh", ["-c", "exit 7"])) };
    },
  },
]);

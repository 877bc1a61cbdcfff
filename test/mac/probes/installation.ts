/** The whole life of an installation, and the installer package as macOS reads it. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageId } from "../../../launchd/layout.ts";
import { verifyRelease } from "../../../launchd/release/verify.ts";
import { endOf, type Ground } from "../ground.ts";
import { Installation, Queue, traces } from "../installation.ts";
import { type Answer, NotAsked, probesOf } from "../probe.ts";

const examples = join(import.meta.dirname, "../../../examples");
const firefox = "/Applications/Firefox.app/Contents/MacOS/firefox";
const minutes = 60_000;

/** What doctor does not call right, a line each. */
function wrongIn(text: string): string[] {
  const { checks }: { checks: { id: string; result: string; what: string }[] } = JSON.parse(text);
  return checks
    .filter(({ result }) => result === "fail" || result === "warn")
    .map(({ id, result, what }) => `doctor: ${result} ${id}: ${what}`);
}

async function plan(ground: Ground): Promise<Answer> {
  const before = await traces(ground);
  const ran = await ground.run(ground.machine.launcher, ["install", "--headless", "--plan"], { timeout: minutes });
  const changed = (await traces(ground)).join("\n") === before.join("\n") ? "as before" : "not as before";
  const steps = ran.stdout.match(/^ *\d+ /gm)?.length ?? 0;
  return { seen: `${endOf(ran)}, ${changed}`, more: [`${steps} steps`, ...ran.stderr.trim().split("\n")] };
}

async function wholeLife(ground: Ground): Promise<Answer> {
  const installation = await Installation.begin(ground);
  const [folder, queue] = [ground.scratch(), await Queue.start(ground)];
  const task = join(folder, "task.yml");
  writeFileSync(task, "payload:\n  maxRunTime: 60\n  command: [[/usr/bin/id, -un]]\n");
  await installation.ours("install", "--headless", "--config", queue.settings(folder));
  installation.tell(wrongIn(await installation.installed("doctor", "--json")));
  await installation.run("submit", ground.machine.launcher, ["submit", task, "--wait"], { env: queue.env });
  await installation.installed("run-task", join(examples, "hello.yml"));
  const answer = await installation.end();
  queue.stop();
  return answer;
}

async function firefoxWhenInstalled(ground: Ground): Promise<Answer> {
  if (!existsSync(firefox)) throw new NotAsked("/Applications/Firefox.app is not there");
  const installation = await Installation.begin(ground);
  await installation.ours("install", "--headless");
  await installation.installed("run-task", join(examples, "firefox.yml"));
  return installation.end();
}

/** Path of the package that is made from this checkout. */
async function makePackage(ground: Ground, folder: string): Promise<string> {
  const platform = `darwin-${process.arch}`;
  const ran = await ground.run(ground.machine.launcher, ["package", folder, "--platform", platform], {
    timeout: 5 * minutes,
  });
  const file = ran.stdout.split("\n").find((line) => line.endsWith(".pkg"));
  if (file === undefined) throw new Error(`package ended with ${endOf(ran)}: ${ran.stderr.trim()}`);
  return file;
}

async function expand(ground: Ground): Promise<Answer> {
  const { pkgutil, lsbom } = ground.machine;
  const folder = ground.scratch();
  const [file, to] = [await makePackage(ground, folder), join(folder, "expanded")];
  const expanded = await ground.run(pkgutil, ["--expand", file, to], { timeout: 2 * minutes });
  if (expanded.exit !== 0) return { seen: endOf(expanded), more: [expanded.stderr.trim()] };
  const parts = [...readdirSync(to), ...readdirSync(join(to, "worker.pkg"))].sort().join(" ");
  const payload = await ground.run(pkgutil, ["--payload-files", file], { timeout: 2 * minutes });
  const bom = await ground.run(lsbom, ["-s", join(to, "worker.pkg/Bom")]);
  const linesOf = (text: string): string => text.trim().split("\n").sort().join("\n");
  const same = linesOf(payload.stdout) === linesOf(bom.stdout) ? "the same files" : "other files";
  const more = [payload, bom].map((ran) => `${endOf(ran)}, ${ran.stdout.trim().split("\n").length} files`);
  return { seen: `${parts}; in Payload and Bom ${same}`, more };
}

async function installPackage(ground: Ground): Promise<Answer> {
  const installation = await Installation.begin(ground);
  const { installer, pkgutil } = ground.machine;
  const file = await makePackage(ground, ground.scratch());
  await installation.run("installer", installer, ["-pkg", file, "-target", "/", "-verbose"]);
  await installation.run("pkg-info", pkgutil, ["--pkg-info", packageId]);
  const problems = verifyRelease(installation.layout.package);
  installation.saw(problems.length === 0 ? "whole" : "not whole");
  installation.tell(problems);
  const answer = await installation.end();
  const noted = await ground.run(pkgutil, ["--pkg-info", packageId]);
  return { ...answer, seen: `${answer.seen}, ${noted.exit === 0 ? "still noted" : "forgotten"}` };
}

export const installationProbes = probesOf(
  { leansOn: ["launchd/install/install.ts", "launchd/install/uninstall.ts", "launchd/layout.ts"] },
  [
    {
      number: 66,
      claim: "An installation can be planned on this Mac, and the plan changes nothing.",
      mark: "F",
      asked: "taskcluster-worker install --headless --plan",
      expected: ["exit 0, as before"],
      seconds: 120,
      ask: plan,
    },
    {
      number: 67,
      claim:
        "The worker can be installed, finds nothing that fails, takes a task from a queue and one without, and is removed without trace.",
      mark: "F",
      leansOn: ["launchd/install/install.ts", "launchd/install/uninstall.ts", "launchd/doctor/checks.ts"],
      asked:
        "install --headless with an embedded queue, doctor --json, submit --wait, run-task of examples/hello.yml, uninstall --purge",
      expected: ["install 0, doctor 0, submit 0, run-task 0, uninstall 0, as before"],
      installs: true,
      seconds: 1200,
      ask: wholeLife,
    },
    {
      number: 68,
      claim: "Firefox in a task of the installed program ends in time, and the installation is removed without trace.",
      mark: "F",
      asked: "install --headless, run-task of examples/firefox.yml, uninstall --purge",
      expected: ["install 0, run-task 0, uninstall 0, as before", "install 0, run-task 1, uninstall 0, as before"],
      installs: true,
      seconds: 1200,
      ask: firefoxWhenInstalled,
    },
    {
      number: 69,
      claim: "macOS can take the installer package apart, and reads the same files in its Payload and its Bom.",
      mark: "F",
      leansOn: ["launchd/package/xar.ts", "launchd/package/bom.ts", "launchd/package/cpio.ts"],
      asked: "package, then pkgutil --expand, pkgutil --payload-files and lsbom -s",
      expected: ["Bom Distribution PackageInfo Payload Scripts worker.pkg; in Payload and Bom the same files"],
      seconds: 600,
      ask: expand,
    },
    {
      number: 70,
      claim: "macOS installs the package, notes it, puts every file where its manifest says, and forgets it again.",
      mark: "F",
      leansOn: ["launchd/package/pkg.ts", "launchd/package/scripts.ts", "launchd/install/package.ts"],
      asked: `package, then installer -pkg FILE -target /, pkgutil --pkg-info ${packageId}, uninstall --purge`,
      expected: ["installer 0, pkg-info 0, whole, uninstall 0, as before, forgotten"],
      installs: true,
      seconds: 1200,
      ask: installPackage,
    },
  ],
);

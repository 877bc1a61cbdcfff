/** Node on this Mac: sockets, locks, flags, signatures. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readConfig } from "../../../helper/config.ts";
import { helperFlags } from "../../../helper/flags.ts";
import { takeLock } from "../../../helper/lock.ts";
import { placesOf } from "../../../helper/places.ts";
import { endOf, type Ground } from "../ground.ts";
import type { Answer, Probe } from "../probe.ts";
import { said, withTaskUser } from "../task-users.ts";

/** The mode of a socket that is made under an umask, or the code of what went wrong. */
async function listenAt(path: string, umask: number): Promise<string> {
  const server = createServer();
  const before = process.umask(umask);
  const failed = once(server, "error").then(([error]) => String(error.code));
  server.listen(path);
  const seen = await Promise.race([failed, once(server, "listening").then(() => "")]);
  process.umask(before);
  const mode = seen === "" ? (statSync(path).mode & 0o777).toString(8).padStart(4, "0") : seen;
  server.close();
  return mode;
}

async function killedHolder(ground: Ground): Promise<Answer> {
  const file = join(ground.folder(), "lock");
  const lockModule = join(import.meta.dirname, "../../../helper/lock.ts");
  const program = `import { takeLock } from ${JSON.stringify(lockModule)}; globalThis.lock = takeLock(process.argv[1]);
    console.log("held"); setInterval(() => {}, 1000)`;
  const argv = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program, file];
  const holder = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  const whileHeld = takeLock(file) ? "taken twice" : "held";
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const lock = takeLock(file);
  lock?.close();
  return { seen: `${whileHeld}, then ${lock ? "free" : "still held"}` };
}

/** A signal that would open a debugger, to Node as it is started everywhere here. */
async function debuggerBySignal(): Promise<Answer> {
  const argv = ["--disable-sigusr1", "-e", 'process.stdout.write("up\\n"); setTimeout(() => {}, 20_000)'];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  await once(child.stdout, "data");
  child.kill("SIGUSR1");
  await delay(2_000);
  child.kill("SIGKILL");
  return { seen: /Debugger listening/.test(stderr) ? "a debugger" : "no debugger" };
}

/** Node under the flags of an installed helper, asked to write where it may not. */
async function underFlags(ground: Ground): Promise<Answer> {
  const folder = ground.folder();
  const config = join(folder, "helper.json");
  writeFileSync(config, JSON.stringify({ uidRange: [5975, 5999], dscl: ground.machine.dscl }));
  const flags = helperFlags(placesOf("slice-20"), readConfig(config), true);
  const target = join(folder, "written");
  const main = join(folder, "main.mjs");
  writeFileSync(
    main,
    `import { writeFileSync } from "node:fs";
     try { writeFileSync(${JSON.stringify(target)}, ""); console.log("written"); } catch ({ code }) { console.log(code); }`,
  );
  const ran = await ground.run(process.execPath, [...flags, main], { env: {} });
  const wrote = existsSync(target) ? "written" : ran.stdout.trim();
  return {
    seen: wrote || endOf(ran),
    more: ran.stderr
      .split("\n")
      .filter((line) => line !== "")
      .slice(0, 3),
  };
}

/** A copy of Node, signed anew for itself without any right, starts without executable memory. */
async function signedWithoutRights(ground: Ground): Promise<Answer> {
  const copy = join(ground.folder(), "node");
  copyFileSync(process.execPath, copy);
  chmodSync(copy, 0o755);
  const signed = await ground.run(ground.machine.codesign, ["--force", "--sign", "-", "--options", "runtime", copy]);
  if (signed.exit !== 0) throw new Error(`codesign ended with ${endOf(signed)}: ${signed.stderr.trim()}`);
  const jitless = await ground.run(copy, ["--jitless", "-p", "1 + 1"]);
  const usual = await ground.run(copy, ["-p", "1 + 1"]);
  return {
    seen: jitless.stdout.trim() || endOf(jitless),
    more: [`without --jitless: ${usual.stdout.trim() || endOf(usual)}`],
  };
}

export const nodeProbes: Probe[] = [
  {
    number: 39,
    claim: "A Unix socket gets the mode 0777 without the umask.",
    mark: "M",
    leansOn: ["helper/listen.ts"],
    asked: "listen at a path under umask 0177",
    expected: ["0600"],
    ask: async (ground) => ({ seen: await listenAt(join(ground.folder(), "s"), 0o177) }),
  },
  {
    number: 40,
    claim: "A socket's path of 104 bytes and more is refused, not cut.",
    mark: "V",
    leansOn: ["helper/places.ts", "helper/listen.ts"],
    asked: "listen at a path of 120 bytes",
    expected: ["EINVAL"],
    ask: async (ground) => ({ seen: await listenAt(join(ground.folder(), "s").padEnd(120, "s"), 0o177) }),
  },
  {
    number: 41,
    claim: "A task user can neither enter the directory of the helper's socket nor connect to it.",
    mark: "V",
    leansOn: ["helper/listen.ts", "agent/engine/canary.sh"],
    asked: "as a task user: cd to the directory; connect to the socket with perl",
    expected: ["Permission denied, Permission denied"],
    ask: (ground) =>
      withTaskUser(ground, async (users) => {
        const connect = `use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); print connect($s, sockaddr_un($ARGV[0])) ? "connected" : "$!"`;
        const enter = `cd '${users.socket.replace(/\/[^/]*$/, "")}' 2>/dev/null && echo entered || echo 'Permission denied'`;
        const seen = await said(users, `${enter}; /usr/bin/perl -e '${connect}' '${users.socket}'`);
        return { seen: seen.replaceAll("\n", ", ") };
      }),
  },
  {
    number: 42,
    claim: "A lock of SQLite is the kernel's: it is free again when its holder was killed.",
    mark: "M",
    leansOn: ["helper/lock.ts", "helper/main.ts", "helper/start.ts"],
    asked: "a process takes a lock; taken again; SIGKILL; taken again",
    expected: ["held, then free"],
    ask: killedHolder,
  },
  {
    number: 43,
    claim: "SIGUSR1 opens no debugger in a Node with --disable-sigusr1.",
    mark: "M",
    leansOn: ["helper/flags.ts", "launchd/plists.ts"],
    asked: "kill -USR1 to node --disable-sigusr1",
    expected: ["no debugger"],
    ask: debuggerBySignal,
  },
  {
    number: 44,
    claim: "Node runs under every flag of the installed helper, --jitless among them, and cannot write anywhere else.",
    mark: "M",
    leansOn: ["helper/flags.ts", "helper/main.ts"],
    asked: "node with the flags of helper/flags.ts writes to a folder that is not among them",
    expected: ["ERR_ACCESS_DENIED"],
    ask: underFlags,
  },
  {
    number: 45,
    claim: "Node signed for itself, hardened and without any right to executable memory, runs with --jitless.",
    mark: "F",
    leansOn: ["helper/flags.ts"],
    asked: "codesign --force --sign - --options runtime COPY; COPY --jitless -p '1 + 1'",
    expected: ["2"],
    ask: signedWithoutRights,
  },
];

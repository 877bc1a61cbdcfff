/**
 * The baseline's process: as small as Node can be, because fork takes longer the more memory a process has. For each line
 * on stdin, the JSON `[file, uid]`, it runs the file as that uid and prints the milliseconds until its first byte.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  const [file, uid]: [string, number] = JSON.parse(line);
  const began = performance.now();
  const child = spawn(file, { uid, gid: uid, cwd: "/", env: {}, stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  const took = performance.now() - began;
  await exited;
  process.stdout.write(`${took}\n`);
}

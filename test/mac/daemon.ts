/** The main program of a job: runs FILE ARGV… and writes how it ended to ANSWER. `node daemon.ts ANSWER FILE ARGV…` */
import { renameSync, writeFileSync } from "node:fs";
import { runProgram } from "./run-program.ts";

const [answer = "", file = "", ...argv] = process.argv.slice(2);
writeFileSync(`${answer}.new`, JSON.stringify(await runProgram(file, argv)));
renameSync(`${answer}.new`, answer);

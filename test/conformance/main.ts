/**
 * `npm run test:conformance [-- NAME …]`: the peers' own cases, asked of a real worker. Prints where they stand, and ends
 * with 1 when one does not hold. NAME is a part of cases' names.
 */
import { needsRoot } from "../root.ts";
import { allCases } from "./cases.ts";
import { report } from "./report.ts";
import { runCases } from "./suite.ts";

if (needsRoot) {
  process.stderr.write("conformance: only root can make task users: run it with sudo\n");
  process.exit(77);
}
const named = process.argv.slice(2);
const cases = allCases().filter(({ name }) => named.length === 0 || named.some((part) => name.includes(part)));
const verdicts = await runCases(cases);
process.stdout.write(`${report(verdicts)}\n`);
if (verdicts.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1;

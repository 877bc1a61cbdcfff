/** Whose build of Node runs here, as root too. */
import type { Check } from "../check.ts";
import { fail, pass, warn } from "../finding.ts";
import { reinstall } from "./fixes.ts";

export const nodeBuild: Check = {
  id: "node-build",
  title: "whose build of Node it is",
  why: "Node runs as root. Its official build is signed and has a published checksum; who repacks it for npm is one more to trust.",
  remedy: "`sudo ./taskcluster-worker install --node FILE`, with the archive from nodejs.org",
  installed: true,
  probe({ machine, paths }) {
    const folder = machine.resolve(paths.current);
    if (folder === null) return fail(`${paths.current} leads nowhere`, reinstall);
    try {
      return machine.nodeSource(folder) === "given"
        ? pass("Node was given by whoever made the release or installed it, not taken from npm")
        : warn(
            "Node is the build that a third party publishes on npm, not the official one",
            `${reinstall} --node FILE`,
          );
    } catch (error) {
      return fail(error instanceof Error ? error.message : String(error), reinstall);
    }
  },
};

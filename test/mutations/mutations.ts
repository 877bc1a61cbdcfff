/** Every defence that is taken out. */
import type { Mutation } from "./mutation.ts";

export const mutations: readonly Mutation[] = [
  {
    without: "the bound of a frame",
    file: "shared/protocol/frames.ts",
    from: "if (length > limits.frameBytes) {",
    to: "if (length > 1e9) {",
    caughtBy: [
      { file: "test/protocol/frames.test.ts", name: "a frame that is too long is refused before its end has come" },
    ],
  },
  {
    without: "the state that a user must be in",
    file: "helper/table.ts",
    from: "if (user && user.state !== from) throw",
    to: "if (user && user.state === undefined) throw",
    caughtBy: [{ file: "test/helper/table.test.ts", name: "runs ends the connection as not-now" }],
  },
];

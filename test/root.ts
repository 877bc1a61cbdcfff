/** For tests that make users and change ids: the reason to skip when not root. `REQUIRE_ROOT=1` turns skips into failures (test/run.ts). */
export const needsRoot: string | false = process.geteuid?.() === 0 ? false : "needs root";

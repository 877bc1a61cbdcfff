/** Every program that runs as root, by absolute path. A name that a platform does not have is absent there. */
const darwin = process.platform === "darwin";

export const tools = {
  ps: "/bin/ps",
  id: "/usr/bin/id",
  launchctl: darwin ? "/bin/launchctl" : undefined,
} as const;

/** What the programs end with; the numbers above 63 are those of sysexits(3). docs/cli.md says what each means. */
export const exitStatus = {
  completed: 0,
  failed: 1,
  exception: 2,
  usage: 64,
  unavailable: 69,
  internal: 70,
  busy: 75,
  notRoot: 77,
  misconfigured: 78,
  interrupted: 130,
} as const;

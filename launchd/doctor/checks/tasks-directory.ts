/** Where the homes of task users are. */
import type { Subject } from "../subject.ts";

/** What helper.json says, or the default where it says nothing or cannot be understood, which is another check's. */
export function tasksDirOf({ machine, paths }: Subject): string {
  const usual = machine.platform === "darwin" ? "/Users" : "/home";
  if (!machine.look(paths.helperConfig)) return usual;
  try {
    return machine.helperConfig(paths.helperConfig).tasksDir;
  } catch {
    return usual;
  }
}

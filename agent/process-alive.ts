/** Whether there is a process with this pid, whoever it belongs to. */
import { errorCode } from "./thrown.ts";

export function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

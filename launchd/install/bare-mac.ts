/** A Mac on which nothing is installed, for whoever reads a plan on another system: nothing of this machine is looked at. */
import { Machine, type Result } from "./machine.ts";

/** Of the first account that macOS makes for a person. */
const firstUid = 501;

export class BareMac extends Machine {
  constructor() {
    super({ root: "/nonexistent" });
  }

  override async run(): Promise<Result> {
    return { exit: 1, stdout: "", stderr: "" };
  }

  override async uidOf(name: string): Promise<number> {
    return name === "root" ? 0 : firstUid;
  }

  override async homeOf(name: string): Promise<string> {
    return `/Users/${name}`;
  }
}

/** Somebody who uses the shell of a case's task, or tries to. */
import { messageOf } from "../../agent/thrown.ts";
import { Person } from "../interactive/person.ts";
import type { ShellUse } from "./case.ts";
import type { Machine } from "./machine.ts";

/** A sentence for everything that is not as the case says. */
export async function useShell(machine: Machine, taskId: string, use: ShellUse): Promise<string[]> {
  const { artifact, types, shows, stranger } = use;
  const address = machine.artifacts(taskId).find(({ name }) => name === artifact)?.url;
  if (address === undefined) return [`there is no artifact ${artifact} that leads to a shell`];
  try {
    if (stranger !== undefined) {
      const { status } = await fetch(address.replace(/.{6}$/, "wrong!"));
      return status === stranger ? [] : [`whoever has another secret is answered ${status}, not ${stranger}`];
    }
    const person = await Person.at(address);
    await person.ask(types ?? "", new RegExp(shows ?? "", "m"));
    person.type("exit\n");
    const how = await person.closed;
    return how === "exit 0" ? [] : [`the shell ended with "${how}"`];
  } catch (error) {
    return [messageOf(error)];
  }
}

import type { Answers } from "../../shared/protocol/messages.ts";
import type { Client } from "../helper/client.ts";

/** How often each race is run: 5 rounds, or as many as ROUNDS says. */
export const rounds = Number(process.env["ROUNDS"] ?? 5);

/** Fewer than a slice has uids. */
const beforeAnother = 20;

type User = Answers["createUser"];

/** The sibling of this round: now and then another one, since uids rest as long as anybody lives who was beside them. */
export async function siblingIn(round: number, client: Client, sibling: User): Promise<User> {
  if (round === 0 || round % beforeAnother > 0) return sibling;
  await client.request("deleteUser", { user: sibling.user });
  return client.request("createUser", {});
}

/** The task users that were answered, and what must be true of the machine when one begins or ends. */
import type { Answers } from "../../shared/protocol/messages.ts";
import { deny, type Eyes, type Met, wentWrong } from "./eyes.ts";
import type { User } from "./held.ts";
import { excuses } from "./verdicts.ts";

export class Users {
  readonly all: User[] = [];
  readonly #eyes: Eyes;
  readonly #maxUsers: number;
  /** Names of accounts that rest: the only ones that may come again. */
  readonly #resting = new Set<string>();

  constructor(eyes: Eyes, maxUsers: number) {
    this.#eyes = eyes;
    this.#maxUsers = maxUsers;
  }

  /** What a new connection is told. */
  counted({ live, resting }: Answers["hello"]): void {
    if (live > this.#maxUsers) deny(`${live} users live, where ${this.#maxUsers} may`);
    if (resting.length > 0) deny("park ids of users that nobody can ask for");
  }

  created({ user: id, name, uid }: Answers["createUser"], before: Met): User {
    if (!/^tcw-[a-z2-7]{8}$/.test(name)) deny(`a task user called ${name}`);
    const latest = this.all.findLast((each) => each.name === name);
    if (latest) this.#again(latest);
    if (this.all.some((each) => each.name !== name && each.uid === uid && this.#lives(each))) {
      deny(`uid ${uid} for a second living user`);
    }
    this.#resting.delete(name);
    if (this.#eyes.account(name) !== uid) deny(`${name} answered, and no account has its uid ${uid}`);
    if (!this.#eyes.hasHome(name)) deny(`${name} answered, and it has no home`);
    if (this.#eyes.alive(uid) > 0) deny(`${name} answered, and a process of its uid lives already`);
    const recorded = this.#eyes.recorded(name);
    if (recorded !== "ready") deny(`${name} answered, and the journal calls it ${recorded}`);
    const user: User = { id, name, uid, state: "ready", killed: false, before };
    this.all.push(user);
    const held = this.all.filter(({ state }) => state !== "ending" && state !== "over").length;
    if (held > this.#maxUsers) deny(`${held} users for one agent, where ${this.#maxUsers} may live`);
    return user;
  }

  /** Of a user whose connection has closed only the machine tells whether it is gone. */
  #lives({ state, name, uid }: User): boolean {
    return state === "ending" ? this.#eyes.account(name) === uid : state !== "over";
  }

  /** An account that comes again must have rested since its latest user. */
  #again({ state, name, before }: User): void {
    const rested = state === "ending" ? wentWrong(this.#eyes, excuses.resting, before) : this.#resting.has(name);
    if (!rested) deny(`${name} for a second user`);
  }

  ended(user: User, { state, left }: Answers["deleteUser"]): void {
    user.state = "over";
    const { name, uid, before } = user;
    const clean = left.processes + left.shared === 0 && !left.home;
    if (state !== "quarantined" && (!clean || this.#eyes.alive(uid) > 0)) deny(`${state}, but something is left`);
    if (state !== "quarantined" && this.#eyes.hasHome(name)) deny(`${state}, but the home is there`);
    if (left.processes > 0 && !(left.home && this.#eyes.hasHome(name))) deny("the home of the living was removed");
    if (left.account !== (state !== "gone")) deny(`${state}, with left.account ${left.account}`);
    if (state === "gone" && this.#eyes.account(name) === uid) deny("gone, but the account is there");
    if (state === "resting" && this.#eyes.account(name) !== uid) deny("resting, but the account is not there");
    if (state === "resting") this.#resting.add(name);
    if (state !== "gone" && !wentWrong(this.#eyes, excuses[state], before)) deny(`${state} without a reason`);
  }
}

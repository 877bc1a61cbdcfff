/** A machine that looks like a Mac to the helper, with a helper that serves it: namespaces, and a root directory made for it. */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, type TestContext } from "node:test";
import type { Answers } from "../../shared/protocol/messages.ts";
import { Client } from "../helper/client.ts";
import { eventually } from "../helper/wait.ts";
import { PrivateRoot } from "./private-root.ts";

const state = "/private/var/db/taskcluster-worker/default";

/** One start of a program that has a stand-in. */
export interface Call {
  readonly uid: number;
  readonly argv: readonly string[];
}

export class Mac {
  readonly #root: PrivateRoot;

  private constructor(root: PrivateRoot) {
    this.#root = root;
  }

  /** Resolves when the helper listens. Rejects with what was said when it does not. */
  static async start(): Promise<Mac> {
    return new Mac(await PrivateRoot.start(join(import.meta.dirname, "make-root.sh")));
  }

  /** Where a path of the Mac is seen from here. */
  at(path: string): string {
    return this.#root.at(path);
  }

  client(): Promise<Client> {
    return Client.hello(this.at(`${state}/run/helper.sock`));
  }

  read(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  /** status.json as it is now. */
  status(): { agent: boolean; live: number } {
    return JSON.parse(this.read(`${state}/status.json`));
  }

  /** Writes a file of the Mac as root, or gives it to a user. */
  write(path: string, text: string, uid = 0): void {
    writeFileSync(this.at(path), text);
    if (uid > 0) chownSync(this.at(path), uid, uid);
  }

  /** What dirhelper, as root, makes for a user that asks for its temporary directory. Returns the leaf. */
  makeFolders(uid: number): string {
    const leaf = `/private/var/folders/zz/leaf${uid}`;
    for (const directory of [leaf, `${leaf}/C`, `${leaf}/T`]) {
      mkdirSync(this.at(directory));
      chownSync(this.at(directory), uid, uid);
    }
    return leaf;
  }

  /** How `launchctl` ends from now on. */
  launchctlExits(status: number): void {
    this.write("/private/var/stand-ins/launchctl-exit", `${status}\n`);
  }

  forgetCalls(): void {
    this.write("/private/var/stand-ins/log", "");
  }

  /** Every start of a program with a stand-in since the last `forgetCalls`, by anybody. */
  calls(): Call[] {
    const lines = this.read("/private/var/stand-ins/log").split("\n").slice(0, -1);
    return lines.map((line) => line.split("\t")).map(([uid, ...argv]) => ({ uid: Number(uid), argv }));
  }

  /** The helper sees the end of its lifeline. */
  stop(): Promise<void> {
    return this.#root.stop();
  }
}

export interface MacFixture {
  readonly mac: Mac;
  /** A greeted client with a task user. At the end of the test it is closed, and what it leaves has ended. */
  clientWithUser(test: TestContext): Promise<{ client: Client; user: Answers["createUser"] }>;
}

/** To be called in a suite: the Mac is there for its tests. */
export function useMac(): MacFixture {
  let mac: Mac | undefined;
  const running = (): Mac => {
    if (!mac) throw new Error("the Mac has not been started");
    return mac;
  };
  before(async () => {
    mac = await Mac.start();
    mac.launchctlExits(0);
  });
  after(() => mac?.stop());
  return {
    get mac() {
      return running();
    },
    async clientWithUser(test) {
      const client = await running().client();
      test.after(async () => {
        await client.close();
        await eventually(() => !running().status().agent && running().status().live === 0, "every user has ended");
      });
      return { client, user: await client.request("createUser", {}) };
    },
  };
}

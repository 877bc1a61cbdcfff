/** Who lives, and who lived beside whom, by the lines of the journal as the disk takes them. */
import type { Machine } from "./machine.ts";
import type { Recorded } from "./root-commands.ts";

interface Life {
  readonly name: string;
  state: string;
}

const isOver = ({ state }: Life): boolean => /^(gone|resting|quarantined)$/.test(state);

export class Lives {
  readonly #machine: Machine;
  readonly #maxUsers: number;
  /** The last user of each uid. */
  readonly #last = new Map<number, Life>();
  /** Who lived when that one ended. */
  readonly #beside = new Map<number, readonly Life[]>();

  constructor(machine: Machine, maxUsers: number) {
    this.#machine = machine;
    this.#maxUsers = maxUsers;
  }

  get living(): Life[] {
    return [...this.#last.values()].filter((life) => !isOver(life));
  }

  /** Somebody lives who lived beside the uid's last user, and may keep files of that uid. */
  #companion(uid: number): Life | undefined {
    return this.#beside.get(uid)?.find((life) => !isOver(life));
  }

  /** Uids that a new user may get, were it for the journal alone, and those of resting users that may come again. */
  free(): { unused: number[]; resting: number[] } {
    const [first, last] = this.#machine.uidRange;
    const all = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    const cold = all.filter((uid) => !this.#companion(uid));
    const inState = (state: string): number[] => cold.filter((uid) => (this.#last.get(uid)?.state ?? "gone") === state);
    return { unused: inState("gone"), resting: inState("resting") };
  }

  /** A line more. */
  step({ name, uid, state }: Recorded): void {
    const last = this.#last.get(uid);
    const again = last?.state === "resting" && state === "creating";
    if (last?.name === name && !again) this.#move(uid, last, state);
    else this.#given(uid, { name, state });
  }

  #given(uid: number, life: Life): void {
    const companion = this.#companion(uid);
    if (companion)
      this.#machine.violation(`gives uid ${uid} while ${companion.name} lives, who lived beside its last user`);
    this.#last.set(uid, life);
    if (this.living.length > this.#maxUsers)
      this.#machine.violation(`lets ${this.living.length} users live, where ${this.#maxUsers} may`);
  }

  /** A new file in the place of the old one: it says what the helper has had in memory alone. */
  rewrite(lines: readonly Recorded[]): void {
    const now = new Map(lines.map((line) => [line.uid, line]));
    for (const [uid, life] of this.#last) {
      const line = now.get(uid);
      this.#move(uid, life, line?.name === life.name ? line.state : "gone");
    }
  }

  #move(uid: number, life: Life, state: string): void {
    const ended = !isOver(life) && (state === "gone" || state === "resting");
    life.state = state;
    if (ended) this.#beside.set(uid, this.living);
  }
}

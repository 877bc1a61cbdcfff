/** Sequences that once showed a deviation, or that chance draws too seldom. Every run plays them first. */
import type { Sequence, Step } from "./steps.ts";

const create: Step = { do: "send", on: 0, asks: [{ ask: "createUser", reuse: false }], pieces: false };
const finish: Step = { do: "finish" };
const remove: Step = {
  do: "send",
  on: 0,
  asks: [{ ask: "deleteUser", user: 0, park: false }],
  pieces: false,
};
const full = (after: number): Step => ({ do: "fault", kind: "journal-full", after, times: 1 });

/** The disk is full for one write of the journal, at each step of a creation. Nothing half made may be forgotten. */
const fullWhileCreating = [0, 1, 2, 3].map(
  (after): Sequence => ({ seed: 0, stop: false, steps: [{ do: "session" }, full(after), create, finish] }),
);

/** The same while a resting account is woken whose record somebody has replaced. */
const fullWhileWaking: Sequence = {
  seed: 0,
  stop: false,
  steps: [
    { do: "session" },
    { do: "tcc", on: true },
    create,
    finish,
    remove,
    finish,
    { do: "replace", user: 0 },
    full(1),
    { do: "session" },
    create,
    finish,
  ],
};

/** One ticket for both ends of a command. */
const ticketTwice: Sequence = {
  seed: 0,
  stop: false,
  steps: [
    { do: "session" },
    create,
    finish,
    { do: "attach", ticket: 0 },
    {
      do: "send",
      on: 0,
      asks: [{ ask: "spawn", user: 0, command: "ends", stdin: 0, output: 0, odd: "" }],
      pieces: false,
    },
    finish,
  ],
};

/** The list of processes is without the helper's own for as long as a kill looks. */
const blindKill: Sequence = {
  seed: 0,
  stop: false,
  steps: [
    { do: "session" },
    create,
    finish,
    {
      do: "send",
      on: 0,
      asks: [{ ask: "spawn", user: 0, command: "sleeps", stdin: null, output: null, odd: "" }],
      pieces: false,
    },
    { do: "fault", kind: "ps-blind", after: 0, times: 3 },
    { do: "send", on: 0, asks: [{ ask: "killUser", user: 0 }], pieces: false },
    finish,
  ],
};

/** A connection ends while a kill runs, and something comes back during the sweep: no kill may hide it from the proof. */
const killBesideTheEnd = Array.from(
  { length: 10 },
  (_, seed): Sequence => ({
    seed,
    stop: false,
    steps: [
      { do: "session" },
      create,
      finish,
      { do: "fault", kind: "comes-back", after: 0, times: 1 },
      { do: "send", on: 0, asks: [{ ask: "killUser", user: 0 }], pieces: false },
      { do: "close", on: 0, abruptly: seed % 2 === 0 },
    ],
  }),
);

/** An account that cannot be deleted serves three users: two that rest, the second ended by its connection's end. */
const thirdUser: Sequence = {
  seed: 0,
  stop: false,
  steps: [
    { do: "session" },
    create,
    finish,
    { do: "tcc", on: true },
    remove,
    finish,
    create,
    finish,
    { do: "close", on: 0, abruptly: false },
    { do: "wait", ms: 5100 },
    { do: "session" },
    create,
    finish,
  ],
};

/** A data connection that is older than its control connection, and is heard to close before that. */
const dataFirst: Sequence = {
  seed: 0,
  stop: false,
  steps: [
    { do: "connect" },
    { do: "session" },
    { do: "send", on: 0, asks: [{ ask: "ticket" }], pieces: false },
    { do: "send", on: 2, asks: [{ ask: "attach", ticket: 0 }], pieces: false },
    { do: "close", on: 0, abruptly: false },
  ],
};

export const kept: readonly Sequence[] = [
  ...fullWhileCreating,
  fullWhileWaking,
  ticketTwice,
  blindKill,
  ...killBesideTheEnd,
  thirdUser,
  dataFirst,
];

/** What a sequence consists of: steps in small numbers, which shrink and print well, and how they are drawn. */
import fc from "fast-check";
import { PROTOCOL, signals } from "../../shared/protocol/limits.ts";
import { type FaultKind, faultKinds } from "./memory/faults.ts";
import type { Behaviour } from "./memory/kernel.ts";

/** A number that stands for a user, ticket or process: most name a living one, some an ended, foreign or made-up one. */
export type Pick = number;

export type Ask =
  | { readonly ask: "hello"; readonly protocol: number }
  | { readonly ask: "createUser"; readonly reuse: boolean }
  | { readonly ask: "ticket" }
  | { readonly ask: "attach"; readonly ticket: Pick }
  | {
      readonly ask: "spawn";
      readonly user: Pick;
      readonly command: Behaviour;
      readonly stdin: Pick | null;
      readonly output: Pick | null;
      readonly odd: "" | "graphical" | "long";
    }
  | { readonly ask: "signal"; readonly process: Pick; readonly signal: (typeof signals)[number] }
  | { readonly ask: "killUser"; readonly user: Pick }
  | { readonly ask: "deleteUser"; readonly user: Pick; readonly park: boolean }
  | { readonly ask: "junk"; readonly kind: number };

export type Step =
  | { readonly do: "session" }
  | { readonly do: "connect" }
  /** Frames in one piece of bytes, or in `pieces`; on the control connection, or with `on` on any one. */
  | { readonly do: "send"; readonly on: Pick; readonly asks: readonly Ask[]; readonly pieces: boolean }
  | { readonly do: "attach"; readonly ticket: Pick }
  | { readonly do: "tear"; readonly on: Pick }
  | { readonly do: "close"; readonly on: Pick; readonly abruptly: boolean }
  | { readonly do: "wait"; readonly ms: number }
  /** Until every request that has been taken up is answered. */
  | { readonly do: "finish" }
  | { readonly do: "crowd"; readonly of: "connections" | "tickets" | "processes" }
  | { readonly do: "fault"; readonly kind: FaultKind; readonly after: number; readonly times: number }
  | { readonly do: "tcc" | "uids"; readonly on: boolean }
  /** Somebody else deletes an account of the helper's and makes one of the same name. */
  | { readonly do: "replace"; readonly user: Pick };

export interface Sequence {
  /** For the time that things take. */
  readonly seed: number;
  readonly steps: readonly Step[];
  /** How it ends: every connection closes, or the helper is told to. */
  readonly stop: boolean;
}

const pick = fc.oneof(
  { weight: 15, arbitrary: fc.nat({ max: 11 }) },
  { weight: 1, arbitrary: fc.integer({ min: 12, max: 15 }) },
);
const maybe = fc.option(pick, { freq: 2 });
const one = <const T extends string>(name: T) => fc.constant(name);

/** Commands that both the machine in memory and a real one can run. */
export const commands = ["ends", "fails", "missing", "sleeps", "deaf", "forks", "daemon", "dodges", "litters"] as const;

const spawn = fc.record({
  ask: one("spawn"),
  user: pick,
  command: fc.constantFrom<Behaviour>(...commands),
  stdin: fc.option(pick, { freq: 1 }),
  output: maybe,
  odd: fc.constantFrom<"" | "graphical" | "long">("", "", "", "", "", "", "", "", "", "graphical", "long"),
});

const ask: fc.Arbitrary<Ask> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ ask: one("hello"), protocol: fc.constantFrom(PROTOCOL, PROTOCOL, PROTOCOL + 1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ ask: one("createUser"), reuse: fc.constantFrom(false, false, false, false, true) }),
  },
  { weight: 6, arbitrary: fc.record({ ask: one("ticket") }) },
  { weight: 1, arbitrary: fc.record({ ask: one("attach"), ticket: pick }) },
  { weight: 14, arbitrary: spawn },
  { weight: 5, arbitrary: fc.record({ ask: one("signal"), process: pick, signal: fc.constantFrom(...signals) }) },
  { weight: 4, arbitrary: fc.record({ ask: one("killUser"), user: pick }) },
  {
    weight: 6,
    arbitrary: fc.record({ ask: one("deleteUser"), user: pick, park: fc.constantFrom(false, false, false, true) }),
  },
  { weight: 1, arbitrary: fc.record({ ask: one("junk"), kind: fc.nat({ max: 30 }) }) },
);

const send = fc.record({
  do: one("send"),
  on: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: pick }),
  asks: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(ask) },
    { weight: 1, arbitrary: fc.array(ask, { minLength: 2, maxLength: 4 }) },
  ),
  pieces: fc.constantFrom(false, false, false, false, false, true),
});

const wire: fc.WeightedArbitrary<Step>[] = [
  { weight: 30, arbitrary: send },
  { weight: 5, arbitrary: fc.record({ do: one("attach"), ticket: pick }) },
  { weight: 3, arbitrary: fc.record({ do: one("session") }) },
  { weight: 1, arbitrary: fc.record({ do: one("connect") }) },
  { weight: 1, arbitrary: fc.record({ do: one("tear"), on: pick }) },
  { weight: 2, arbitrary: fc.record({ do: one("close"), on: pick, abruptly: fc.boolean() }) },
  { weight: 14, arbitrary: fc.record({ do: one("finish") }) },
];

const inMemory: fc.WeightedArbitrary<Step>[] = [
  ...wire,
  { weight: 5, arbitrary: fc.record({ do: one("wait"), ms: fc.constantFrom(1, 7, 40, 120, 300, 900, 5_100) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: one("fault"),
      kind: fc.constantFrom(...faultKinds),
      after: fc.oneof(fc.constant(0), fc.nat({ max: 20 })),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom<"tcc" | "uids">("tcc", "uids"), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: one("replace"), user: pick }) },
];
const rarely: fc.WeightedArbitrary<Step> = {
  weight: 1,
  arbitrary: fc.record({
    do: one("crowd"),
    of: fc.constantFrom<"connections" | "tickets" | "processes">(
      "connections",
      "tickets",
      "connections",
      "tickets",
      "processes",
    ),
  }),
};

function sequences(steps: fc.Arbitrary<Step>, maxLength: number): fc.Arbitrary<Sequence> {
  const all = fc.array(steps, { minLength: 2, maxLength, size: "max" });
  const create: Step = { do: "send", on: 0, asks: [{ ask: "createUser", reuse: false }], pieces: false };
  const greeted = all.map((rest): Step[] => [{ do: "session" }, ...rest]);
  const begun = all.map((rest): Step[] => [{ do: "session" }, create, { do: "finish" }, ...rest]);
  return fc.record({
    seed: fc.nat({ max: 1_000_000 }),
    steps: fc.oneof({ weight: 14, arbitrary: begun }, { weight: 4, arbitrary: greeted }, { weight: 1, arbitrary: all }),
    stop: fc.constantFrom(false, false, false, true),
  });
}

const few = fc.oneof(...inMemory);
const crowded = fc.oneof(...inMemory, rarely);
export const sequenceInMemory: fc.Arbitrary<Sequence> = fc.oneof(
  { weight: 9, arbitrary: sequences(few, 28) },
  { weight: 1, arbitrary: sequences(crowded, 40) },
);
export const sequenceForReal: fc.Arbitrary<Sequence> = sequences(fc.oneof(...wire), 14);

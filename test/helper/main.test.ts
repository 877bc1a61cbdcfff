import assert from "node:assert/strict";
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { startHelper } from "../../helper/slice.ts";
import { needsRoot } from "../root.ts";
import { BareHelper, type BareStart } from "./bare-helper.ts";
import { toolOutput } from "./machine.ts";
import { type RealHelper, startRealHelper } from "./real-helper.ts";

suite("The helper", { skip: needsRoot }, () => {
  let helper: RealHelper;
  let bare: BareHelper;
  before(async () => {
    helper = await startRealHelper();
    bare = new BareHelper(helper);
  });
  after(async () => {
    bare?.remove();
    await helper?.stop();
  });

  /** Asserts that it does not start, and says why in one sentence. */
  function refuses(because: RegExp, change: (start: BareStart) => Partial<BareStart>): void {
    const { status, said } = bare.run(change);
    assert.deepEqual([status, said.length], [78, 1], said.join("\n"));
    assert.match(said[0] ?? "", because);
    assert.doesNotMatch(said[0] ?? "", /\n/);
  }

  test("starts with the flags and files that a starter gives it, and ends with its lifeline", () => {
    const { status, said } = bare.run();
    assert.equal(status, 0, said.join("\n"));
    assert.match(said[0] ?? "", /listens on/);
    assert.equal(said.at(-1), "ending: the starter's end");
  });

  test("ends with 75, saying where its process is named, when another helper serves the instance", async () => {
    const second = await startHelper(helper.slice, helper.node, helper.code, { dscl: join(helper.dsclDir, "dscl") });
    // One that does start must not outlive the test that is to say so.
    if (typeof second !== "number") second.kill("SIGKILL");
    assert.equal(second, 75);
    assert.match(
      helper.log(),
      new RegExp(`another helper serves ${helper.slice.name}; its pid is in ${helper.places.status}`),
    );
  });

  for (const name of [
    "NODE_OPTIONS",
    "NODE_V8_COVERAGE",
    "NODE_EXTRA_CA_CERTS",
    "DYLD_INSERT_LIBRARIES",
    "UV_THREADPOOL_SIZE",
  ]) {
    test(`does not start with ${name} in its environment`, () => {
      refuses(new RegExp(name), () => ({ env: { [name]: "" } }));
    });
  }

  test("does not start as another account", () => {
    refuses(/root/, () => ({ uid: 64_000 }));
  });

  for (const [what, change] of [
    ["a missing write path", (flags: string[]) => flags.filter((flag) => !flag.includes("fs-write=/home"))],
    ["a write path too many", (flags: string[]) => [...flags, "--allow-fs-write=/etc/*"]],
    ["every path to write to", (flags: string[]) => [...flags, "--allow-fs-write=*"]],
    ["no permission model", (flags: string[]) => flags.filter((flag) => !/^--(permission|allow)/.test(flag))],
  ] satisfies [string, (flags: string[]) => string[]][]) {
    test(`does not start with flags for ${what}`, () => {
      refuses(/flags/, ({ flags }) => ({ flags: change(flags) }));
    });
  }

  for (const [what, settings, because] of [
    ["an unknown key", { uidRange: [5999, 5999], uidrange: 1 }, /additional/],
    ["the uids of people", { uidRange: [501, 600] }, /uidRange/],
    ["uid 0", { uidRange: [0, 0] }, /uidRange/],
    ["a range that ends before it begins", { uidRange: [5999, 5998] }, /uidRange/],
    ["a relative tasks directory", { tasksDir: "home" }, /tasksDir/],
    ["a tasks directory with dots", { tasksDir: "/home/../etc" }, /tasksDir/],
  ] satisfies [string, Record<string, unknown>, RegExp][]) {
    test(`does not start with ${what} in helper.json`, (t) => {
      const dscl = join(helper.dsclDir, "dscl");
      t.after(() => bare.writeConfig({ dscl, uidRange: [5999, 5999] }));
      bare.writeConfig({ dscl, ...settings });
      refuses(because, () => ({}));
    });
  }

  const graphical = { graphical: true, launchctl: "/bin/true" };
  for (const [what, settings, because] of [
    ["a launchctl", { graphical: true, sessionUser: "nobody" }, /\/bin\/launchctl/],
    ["a launchctl that only root can change", { launchctl: "/work-of-others" }, /work-of-others/],
    ["a sessionUser", graphical, /sessionUser "" of helper.json must be an account, not root's or a task's/],
    [
      "a sessionUser that exists",
      { ...graphical, sessionUser: "nosuch" },
      /sessionUser "nosuch" .* must be an account/,
    ],
    ["a sessionUser but root", { ...graphical, sessionUser: "root" }, /sessionUser "root" .*, not root's/],
    [
      "a sessionUser but one with a task's uid",
      { ...graphical, sessionUser: "_tcworker", shareAgentSession: true, uidRange: [4900, 4999] },
      /"_tcworker" .* or a task's/,
    ],
    ["a sessionUser but the agent", { ...graphical, sessionUser: "_tcworker" }, /"_tcworker" .* may be the agent/],
  ] satisfies [string, Record<string, unknown>, RegExp][]) {
    test(`does not start with graphics and without ${what}`, (t) => {
      const own = { dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999] };
      t.after(() => bare.writeConfig(own));
      bare.writeConfig({ ...own, ...settings });
      refuses(because, () => ({}));
    });
  }

  test("does not start with the session of an account among the uids of other instances", (t) => {
    const own = { dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999] };
    const name = `session-${process.pid}`;
    toolOutput("/usr/sbin/useradd", "--no-create-home", "--no-user-group", "--uid", "5498", name);
    t.after(() => {
      toolOutput("/usr/sbin/userdel", name);
      bare.writeConfig(own);
    });
    bare.writeConfig({ ...own, ...graphical, sessionUser: name });
    refuses(/sessionUser "session-\d+" of helper.json must be an account, not root's or a task's/, () => ({}));
  });

  test("does not start with graphics and a perl that others could change", (t) => {
    const own = { dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999] };
    t.after(() => bare.writeConfig(own));
    const perl = join(bare.folder, "perl");
    copyFileSync("/usr/bin/perl", perl);
    chmodSync(perl, 0o757);
    const withIt = ({ node, flags }: BareStart): Partial<BareStart> => {
      const lines = `/bin/mount --bind ${perl} /usr/bin/perl && exec "$@"`;
      return { node: "/usr/bin/unshare", flags: ["--mount", "/bin/bash", "-c", lines, "bash", node, ...flags] };
    };
    assert.equal(bare.run(withIt).status, 0, "none is run without");
    bare.writeConfig({ ...own, ...graphical, sessionUser: "nobody" });
    refuses(/\/usr\/bin\/perl can be written by others/, withIt);
  });

  test("starts with the agent's session when helper.json says so, and never asks for one that is off", (t) => {
    const own = { dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999] };
    t.after(() => bare.writeConfig(own));
    bare.writeConfig({ ...own, ...graphical, sessionUser: "_tcworker", shareAgentSession: true });
    assert.equal(bare.run().status, 0);
    bare.writeConfig({ ...own, sessionUser: "nosuch" });
    assert.equal(bare.run().status, 0);
  });

  test("does not start without a helper.json", () => {
    refuses(/nosuch/, () => ({ config: "/nosuch/helper.json" }));
  });

  for (const [what, change, back] of [
    ["can be written by others", (path: string) => chmodSync(path, 0o757), (path: string) => chmodSync(path, 0o755)],
    ["can be written by its group", (path: string) => chmodSync(path, 0o775), (path: string) => chmodSync(path, 0o755)],
    [
      "belongs to another account",
      (path: string) => chownSync(path, 64_000, 0),
      (path: string) => chownSync(path, 0, 0),
    ],
  ] satisfies [string, (path: string) => void, (path: string) => void][]) {
    for (const part of ["configuration directory", "state directory", "log directory", "dscl"] as const) {
      test(`does not start when its ${part} ${what}`, (t) => {
        const { state, logs } = bare.places;
        const dscl = join(helper.dsclDir, "dscl");
        const path = { "configuration directory": bare.folder, "state directory": state, "log directory": logs, dscl }[
          part
        ];
        t.after(() => back(path));
        change(path);
        refuses(new RegExp(path), () => ({}));
      });
    }
  }

  test("does not start from code that others could change", (t) => {
    const code = join(bare.folder, "code");
    t.after(() => rmSync(code, { recursive: true }));
    for (const part of ["helper", "shared"]) cpSync(join(helper.code, part), join(code, part), { recursive: true });
    copyFileSync(join(helper.code, "package.json"), join(code, "package.json"));
    assert.equal(bare.run(() => ({ main: join(code, "helper/main.ts") })).status, 0);
    chmodSync(join(code, "helper"), 0o777);
    refuses(/code\/helper/, () => ({ main: join(code, "helper/main.ts") }));
  });

  test("looks at where a link leads, not at the link", (t) => {
    const real = join(bare.folder, "real");
    const link = join(bare.folder, "link.json");
    t.after(() =>
      [real, link].forEach((path) => {
        rmSync(path, { recursive: true });
      }),
    );
    mkdirSync(real, { mode: 0o755 });
    copyFileSync(join(bare.folder, "helper.json"), join(real, "helper.json"));
    symlinkSync(join(real, "helper.json"), link);
    chmodSync(real, 0o777);
    refuses(new RegExp(real), () => ({ config: link }));
  });

  test("does not start with a tasks directory that others could change", (t) => {
    const tasksDir = join(bare.folder, "tasks");
    mkdirSync(tasksDir);
    chmodSync(tasksDir, 0o777);
    const dscl = join(helper.dsclDir, "dscl");
    t.after(() => {
      rmSync(tasksDir, { recursive: true });
      bare.writeConfig({ dscl, uidRange: [5999, 5999] });
    });
    const config = bare.writeConfig({ dscl, uidRange: [5999, 5999], tasksDir });
    const paths = [`--allow-fs-write=${tasksDir}`, `--allow-fs-write=${tasksDir}/*`];
    refuses(new RegExp(tasksDir), ({ flags }) => ({ config, flags: [...flags, ...paths] }));
  });
});

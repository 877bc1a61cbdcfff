import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { PluginSettings } from "../../agent/config/plugin-settings.ts";
import { defaultConfig } from "../../agent/config.ts";
import { dialectOf, PayloadError, parsePayload, schemaFor } from "../../agent/payload/parse.ts";
import type { TaskPayload } from "../../agent/payload/payload.ts";
import { taskWith } from "./definition.ts";

const config = { ...defaultConfig, provisionerId: "office", workerType: "mac", maxTaskRunTime: 3600 };

const accepted = (payload: Record<string, unknown>): TaskPayload => parsePayload(taskWith(payload), config);

function refused(payload: Record<string, unknown>): readonly string[] {
  try {
    accepted(payload);
  } catch (error) {
    assert(error instanceof PayloadError);
    assert.equal(error.kind, "malformed-payload");
    return error.errors;
  }
  assert.fail("the payload was accepted");
}

const properties = (dialect: TaskPayload["dialect"]): object => Object(schemaFor(dialect)["properties"]);
const generic = { command: [["true"]], maxRunTime: 60 };
const plain = { command: ["true"] };

describe("the dialect of a payload", () => {
  it("is taskcluster-worker's when there is a link", () => {
    assert.equal(dialectOf({ link: "https://example.com/x" }, "generic-worker"), "taskcluster-worker");
  });
  it("is taskcluster-worker's when the command is one argv", () => {
    assert.equal(dialectOf(plain, "generic-worker"), "taskcluster-worker");
  });
  it("is generic-worker's when the command is a list of argv", () => {
    assert.equal(dialectOf(generic, "taskcluster-worker"), "generic-worker");
  });
  it("is the configured one when the payload shows none", () => {
    assert.equal(dialectOf({ command: "true" }, "taskcluster-worker"), "taskcluster-worker");
    assert.equal(dialectOf({}, "generic-worker"), "generic-worker");
  });
});

describe("a payload that goes deeper than any", () => {
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  for (const [what, payload] of [
    ["generic-worker's command", { ...generic, command: deep }],
    ["generic-worker's unknown property", { ...generic, x: deep }],
    ["taskcluster-worker's link", { ...plain, link: deep }],
  ] as const) {
    it(`in ${what} is its author's mistake`, () => {
      assert.deepEqual(refused(payload), [
        "task.payload has lists or objects within each other on more than 100 levels.",
      ]);
    });
  }
});

describe("generic-worker's dialect", () => {
  it("fills in the defaults", () => {
    assert.deepEqual(accepted(generic), {
      dialect: "generic-worker",
      commands: [["true"]],
      env: {},
      maxRunTimeSeconds: 60,
      artifacts: [],
      logs: { live: "public/logs/live.log", backing: "public/logs/live_backing.log" },
      onExitStatus: { retry: [] },
      features: { liveLog: true, backingLog: true, resourceMonitor: true },
      interactive: null,
      notices: [],
    });
  });
  it("leaves the task as the queue sent it", () => {
    const definition = taskWith({ ...generic });
    parsePayload(definition, config);
    assert.deepEqual(definition.payload, generic);
  });
  it("names an artifact after its path when it has no name", () => {
    const { artifacts } = accepted({ ...generic, artifacts: [{ type: "file", path: "public/a.txt" }] });
    assert.deepEqual(artifacts, [{ type: "file", path: "public/a.txt", name: "public/a.txt", optional: false }]);
  });
  it("refuses each feature that is not offered, by its name", () => {
    const payload = {
      ...generic,
      mounts: [{ cacheName: "a", directory: "b" }],
      osGroups: ["admin"],
      features: { taskclusterProxy: true, chainOfTrust: true, runTaskAsCurrentUser: true },
    };
    const errors = refused(payload);
    assert.equal(errors.length, 5);
    for (const name of ["mounts", "osGroups", "taskclusterProxy", "chainOfTrust"]) {
      assert(errors.some((error) => error.includes(`asks for ${name}`) && error.includes(`task.payload.`)));
    }
  });
  it("accepts features that are switched off", () => {
    const features = { taskclusterProxy: false, chainOfTrust: false, interactive: false, loopbackVideo: false };
    assert.equal(accepted({ ...generic, mounts: [], osGroups: [], features }).dialect, "generic-worker");
  });
  it("lets live and backing log be switched off and renamed", () => {
    const { features, logs } = accepted({ ...generic, features: { liveLog: false }, logs: { live: "a/b.log" } });
    assert.deepEqual(features, { liveLog: false, backingLog: true, resourceMonitor: true });
    assert.deepEqual(logs, { live: "a/b.log", backing: "public/logs/live_backing.log" });
  });
  it("takes what generic-worker takes and what means nothing here", () => {
    const onExitStatus = { retry: [], purgeCaches: [0, 3] };
    const { notices } = accepted({ ...generic, onExitStatus, taskclusterProxyInterface: "docker-bridge" });
    assert.deepEqual(notices, []);
  });
  it("says in the log that a supersederUrl has no effect", () => {
    assert.match(accepted({ ...generic, supersederUrl: "https://example.com" }).notices[0] ?? "", /^supersederUrl: /);
  });
  it("goes without a feature that is switched off, unless the payload asks for it in so many words", () => {
    const off = { ...config, enableLiveLog: false, enableResourceMonitor: false };
    assert.deepEqual(parsePayload(taskWith({ ...generic, features: { liveLog: false } }), off).commands, [["true"]]);
    assert.throws(() => parsePayload(taskWith({ ...generic, features: { liveLog: true } }), off), PayloadError);
  });
  it("looks for what was meant by the first unknown properties only", () => {
    const unknown = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`maxRunTim${"e".repeat(i + 2)}`, 1]));
    const errors = refused({ ...generic, ...unknown });
    assert.match(errors[0] ?? "", /did you mean "maxRunTime"/);
    assert.equal(errors.at(-1), "… and 10 more errors.");
  });
  it("reports no more than a bounded number of errors", () => {
    const env = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`A${i}`, i]));
    const errors = refused({ ...generic, env });
    assert.equal(errors.length, 21);
    assert.equal(errors.at(-1), "… and 480 more errors.");
  });
});

describe("artifacts", () => {
  const artifact = { type: "file", path: "a", name: "public/a" };
  const withExpires = (expires: string) => ({ ...generic, artifacts: [{ ...artifact, expires }] });

  it("may expire between the deadline and the expiry of the task, a second more or less", () => {
    for (const expires of ["2030-01-01T23:59:59.000Z", "2030-01-10T00:00:01.000Z"]) {
      assert.equal(accepted(withExpires(expires)).artifacts[0]?.expires, expires);
    }
  });
  it("must not expire before the deadline", () => {
    assert.match(
      refused(withExpires("2030-01-01T23:59:58.000Z"))[0] ?? "",
      /artifacts\[0\]\.expires before task deadline/,
    );
  });
  it("must not expire after the task", () => {
    assert.match(
      refused(withExpires("2030-01-10T00:00:02.000Z"))[0] ?? "",
      /artifacts\[0\]\.expires after task expiry/,
    );
  });
  it("may be listed twice in other words, as JSON Schema has it", () => {
    const artifacts = [artifact, { ...artifact, optional: false }];
    assert.equal(accepted({ ...generic, artifacts }).artifacts.length, 2);
  });
  it("need a name of printable ASCII", () => {
    assert.match(
      refused({ ...generic, artifacts: [{ type: "file", path: "ä.txt" }] })[0] ?? "",
      /cannot have the name "ä\.txt": .* Give it another "name"\.$/,
    );
  });
  it("need a name that an address can have, and one that is not too long", () => {
    for (const name of ["a/../b", "./a", "..", "a/."]) {
      assert.match(refused({ ...generic, artifacts: [{ ...artifact, name }] })[0] ?? "", /cannot have the name/, name);
    }
    for (const path of ["../a", `${"d/".repeat(600)}a`]) {
      assert.match(refused({ ...generic, artifacts: [{ type: "file", path }] })[0] ?? "", /cannot have the name/, path);
    }
  });
  it("take the plain form of their path as their name, and a folder may give its files names of their own", () => {
    const artifacts = [
      { type: "file", path: "./a//b.txt" },
      { type: "directory", path: "." },
    ];
    assert.deepEqual(
      accepted({ ...generic, artifacts }).artifacts.map(({ name }) => name),
      ["a/b.txt", "."],
    );
  });
});

describe("taskcluster-worker's dialect", () => {
  it("takes one argv", () => {
    const { dialect, commands, maxRunTimeSeconds, link } = accepted({ ...plain, env: { A: "1" } });
    assert.deepEqual(
      { dialect, commands, maxRunTimeSeconds, link },
      {
        dialect: "taskcluster-worker",
        commands: [["true"]],
        maxRunTimeSeconds: 3600,
        link: undefined,
      },
    );
  });
  it("takes a link without a command, which runs the file", () => {
    const { link, commands } = accepted({ link: "https://example.com/test.sh", sha256: "a".repeat(64) });
    assert.deepEqual(link, { url: "https://example.com/test.sh", sha256: "a".repeat(64) });
    assert.deepEqual(commands, []);
  });
  it("takes maxRunTime in seconds and in words", () => {
    const seconds = (maxRunTime: unknown) => accepted({ ...plain, maxRunTime }).maxRunTimeSeconds;
    assert.deepEqual([90, "1 hour", "30 min", "0 hours 45 minutes", "45m"].map(seconds), [90, 3600, 1800, 2700, 2700]);
  });
  it("takes a maxRunTime of 0 as what the worker allows", () => {
    assert.equal(accepted({ ...plain, maxRunTime: 0 }).maxRunTimeSeconds, 3600);
  });
  it("judges a maxRunTime of very many spaces at once, and refuses one that is too long", () => {
    const lines = `
      const { parsePayload } = await import(${JSON.stringify(fileURLToPath(new URL("../../agent/payload/parse.ts", import.meta.url)))});
      const payload = { command: ["true"], maxRunTime: " ".repeat(100_000) + "x" };
      try { parsePayload({ payload }, { dialect: "taskcluster-worker", maxTaskRunTime: 60, plugins: {} }); } catch ({ message }) { console.log(message); }
    `;
    // In a process of its own: a regular expression that hangs would not let go of this one either.
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", lines], { timeout: 20_000 });
    assert.match(String(child.stdout), /^task\.payload\.maxRunTime must be seconds, or a text like/);
    assert.equal(child.status, 0);
    assert.equal(refused({ ...plain, maxRunTime: `1${" ".repeat(63)}h` }).length, 1);
  });
  it("takes a context beside the command, and one alone is no task", () => {
    const context = "https://example.com/tree.tar.gz";
    assert.equal(accepted({ ...plain, context }).context, context);
    assert.match(
      refused({ ...plain, context: "tree.zip" })[0] ?? "",
      /^task\.payload\.context must be an http or https address/,
    );
    const alone = () => parsePayload(taskWith({ context }), { ...config, dialect: "taskcluster-worker" });
    assert.throws(alone, { message: 'task.payload needs a "command" or a "link".' });
  });
  it("lets an artifact expire before the deadline, but neither in the past nor after the task", () => {
    const kept = (expires: string) => ({ ...plain, artifacts: [{ type: "file", path: "a", name: "a", expires }] });
    assert.equal(accepted(kept("2029-12-31T00:00:00.000Z")).artifacts.length, 1);
    assert.match(refused(kept("2020-01-01T00:00:00.000Z"))[0] ?? "", /artifacts\[0\]\.expires is in the past/);
    assert.match(refused(kept("2031-01-01T00:00:00.000Z"))[0] ?? "", /expires after task expiry/);
  });
  it("takes an artifact that is listed twice once", () => {
    const artifact = { type: "file", path: "a", name: "public/a" };
    assert.deepEqual(accepted({ ...plain, artifacts: [artifact, artifact] }).artifacts, [
      { ...artifact, optional: false },
    ]);
  });
  it("takes what asks for nothing that it could give, and says so", () => {
    const idle = { reboot: "on-failure", supersederUrl: "https://example.com", disableTaskclusterProxy: false };
    const { notices } = accepted({ ...plain, ...idle });
    assert.deepEqual(notices.map((notice) => notice.replace(/:.*/, "")).sort(), Object.keys(idle).sort());
    assert.deepEqual(accepted({ ...plain, disableTaskclusterProxy: true }).notices, []);
  });
  it("refuses what it does not offer by name, and takes what switches it off", () => {
    const asked = { caches: [{ mountPoint: "a", options: {} }], chainOfTrust: true, certifiedLog: true };
    const errors = refused({ ...plain, ...asked, enableRelengAPIProxy: true });
    assert.deepEqual(
      errors.map(
        (error) =>
          /^task\.payload\.(\w+) asks for \1.*, which this worker does not offer; leave it out, or say (false|\[\])\.$/.exec(
            error,
          )?.[1],
      ),
      ["caches", "chainOfTrust", "certifiedLog", "enableRelengAPIProxy"],
    );
    accepted({ ...plain, caches: [], chainOfTrust: false, certifiedLog: false, enableRelengAPIProxy: false });
  });
});

describe("settings of plugins", () => {
  const judge = (plugins: PluginSettings, payload: Record<string, unknown>): TaskPayload | readonly string[] => {
    try {
      return parsePayload(taskWith(payload), { ...config, plugins });
    } catch (error) {
      assert(error instanceof PayloadError);
      return error.errors;
    }
  };
  const seconds = (plugins: PluginSettings, payload: Record<string, unknown>): unknown =>
    Object(judge(plugins, payload)).maxRunTimeSeconds;

  it("can have a shorter maxRunTime than the worker, for this dialect alone", () => {
    const plugins = { maxruntime: { maxRunTime: "10 minutes", perTaskLimit: "allow" } } as const;
    assert.deepEqual(
      [{}, { maxRunTime: 0 }, { maxRunTime: 600 }].map((more) => seconds(plugins, { ...plain, ...more })),
      [600, 600, 600],
    );
    assert.deepEqual(judge(plugins, { ...plain, maxRunTime: 601 }), [
      "task.payload.maxRunTime: the task's maxRunTime of 601 exceeded allowed maximum of 600 seconds.",
    ]);
    assert.equal(seconds(plugins, { ...generic, maxRunTime: 3600 }), 3600);
  });
  it("do not raise what the worker allows", () => {
    const plugins = { maxruntime: { maxRunTime: "2 hours", perTaskLimit: "allow" } } as const;
    assert.equal(seconds(plugins, plain), 3600);
  });
  it("can demand a maxRunTime, or refuse one", () => {
    const limit = (perTaskLimit: "require" | "forbid") => ({ maxruntime: { maxRunTime: 60, perTaskLimit } });
    assert.deepEqual(judge(limit("require"), plain), ['task.payload needs the property "maxRunTime".']);
    assert.equal(seconds(limit("require"), { ...plain, maxRunTime: 9 }), 9);
    assert.match(
      String(judge(limit("forbid"), { ...plain, maxRunTime: 9 })),
      /^task\.payload\.maxRunTime cannot be chosen/,
    );
    assert.equal(seconds(limit("forbid"), plain), 60);
  });
  it("can switch a plugin off: its property is refused by name", () => {
    const disabled = ["artifacts", "env", "maxruntime", "interactive"] as const;
    const used = { artifacts: [], env: {}, maxRunTime: 1 };
    assert.deepEqual(
      judge({ disabled }, { ...plain, ...used }),
      Object.keys(used).map(
        (name) =>
          `task.payload.${name} asks for ${name}, which this worker does not offer: plugin ${name.toLowerCase()} is off.`,
      ),
    );
    assert.match(
      String(judge({ interactive: { disableShell: true } }, { ...plain, interactive: {} })),
      /task\.payload\.interactive asks for interactive/,
    );
    assert.ok("commands" in judge({ disabled }, plain));
    assert.ok("commands" in judge({ disabled }, { ...generic, artifacts: [] }));
  });
});

describe("an interactive task", () => {
  const asked = { ...generic, features: { interactive: true } };
  const judge = (settings: Partial<Parameters<typeof parsePayload>[1]>, payload: Record<string, unknown>) => {
    try {
      return parsePayload(taskWith(payload), { ...config, ...settings }).interactive;
    } catch (error) {
      assert(error instanceof PayloadError);
      return error.errors;
    }
  };
  const shell = (prefix: string) => ({
    ...{ pageArtifact: `${prefix}shell.html`, socketsArtifact: `${prefix}sockets.json`, holdsTask: true },
  });

  it("has one page in generic-worker's dialect", () => {
    const pageArtifact = "private/generic-worker/shell.html";
    assert.deepEqual(judge({}, asked), { pageArtifact, socketsArtifact: null, holdsTask: false });
    for (const features of [{}, { interactive: false }]) assert.equal(judge({}, { ...generic, features }), null);
  });
  it("is held by its shells in taskcluster-worker's dialect, and may name its artifacts", () => {
    assert.deepEqual(judge({}, { ...plain, interactive: {} }), shell("private/interactive/"));
    assert.deepEqual(judge({}, { ...plain, interactive: { artifactPrefix: "private/a/" } }), shell("private/a/"));
    for (const interactive of [undefined, { disableShell: true }]) {
      assert.equal(judge({}, interactive ? { ...plain, interactive } : plain), null);
    }
  });
  it("is told that there is no display, unless it wants none", () => {
    const notices = (interactive: object) => accepted({ ...plain, interactive }).notices;
    assert.match(notices({}).join(), /^interactive: this worker has no display/);
    assert.deepEqual(notices({ disableDisplay: true }), []);
  });
  it("is refused where the configuration says so", () => {
    const settings = { enableInteractive: false };
    const why = "it's not enabled on this worker pool (office/mac), whose enableInteractive is false; leave it out";
    assert.deepEqual(judge(settings, asked), [`task.payload.features.interactive is true, but ${why}, or say false.`]);
    const other = judge(settings, { ...plain, interactive: {} });
    assert.deepEqual(other, [`task.payload.interactive asks for a shell, but ${why}.`]);
    assert.equal(judge(settings, { ...plain, interactive: { disableShell: true } }), null);
  });
  it("cannot show the address of its shell to everybody", () => {
    for (const artifactPrefix of ["public/", "private/../x/", "private", "/private/"]) {
      const errors = judge({}, { ...plain, interactive: { artifactPrefix } });
      assert.match(String(errors), /^task\.payload\.interactive\.artifactPrefix /, artifactPrefix);
    }
  });
  it("follows the settings of the plugin", () => {
    const settings = (interactive: PluginSettings["interactive"] & object) => ({ plugins: { interactive } });
    assert.deepEqual(judge(settings({ alwaysEnabled: true }), plain), shell("private/interactive/"));
    assert.equal(judge(settings({ alwaysEnabled: true, disableShell: true }), plain), null);
    assert.equal(judge(settings({ alwaysEnabled: true }), generic), null);
    const own = { ...plain, interactive: { artifactPrefix: "private/own/" } };
    assert.deepEqual(judge(settings({ artifactPrefix: "private/p/" }), own), shell("private/own/"));
    const forced = settings({ artifactPrefix: "private/p/", forbidCustomArtifactPrefix: true });
    assert.deepEqual(judge(forced, own), shell("private/p/"));
  });
});

describe("any payload", () => {
  it("is taken or refused with sentences about task.payload, and nothing else happens", () => {
    const names = [...Object.keys(properties("generic-worker")), ...Object.keys(properties("taskcluster-worker"))];
    const payloads = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue(), { maxKeys: 6 });
    fc.assert(
      fc.property(payloads, (payload) => {
        try {
          accepted(payload);
        } catch (error) {
          assert(error instanceof PayloadError);
          for (const each of error.errors) assert.match(each, /^(task\.payload|… and \d+ more errors)/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the published schemas", () => {
  it("are closed and differ by dialect", () => {
    const [one, other] = [schemaFor("generic-worker"), schemaFor("taskcluster-worker")];
    assert.notEqual(one, other);
    for (const schema of [one, other]) assert.equal(schema["additionalProperties"], false);
  });
});

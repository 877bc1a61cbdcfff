/** Configuration files in taskcluster-worker's layout. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { resolve } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { ConfigError, loadConfig, missing } from "../../agent/config/load.ts";
import type { TransformSources } from "../../agent/config/transforms.ts";
import { translate } from "../../agent/config/translate.ts";
import { readSecret } from "../../agent/queue/secrets.ts";
import { sectionOf, textOf } from "../docs/pages.ts";

const plugins = {
  artifacts: {},
  env: {},
  interactive: {},
  livelog: {},
  maxruntime: { maxRunTime: "3 hours", perTaskLimit: "allow" },
  tasklog: {},
};
const usual = {
  engine: "macosx",
  engines: { macosx: { createUser: true, userGroups: [], sudo: true } },
  plugins,
  rootURL: "https://tc.example.com",
  credentials: { clientId: "a/worker", accessToken: "a-token-of-twenty-two-letters", authorizedScopes: [] },
  worker: {
    ...{ provisionerId: "releng", workerType: "mac", workerGroup: "office", workerId: "mac-1" },
    ...{ pollingInterval: 10, reclaimOffset: 300, minimumReclaimDelay: 30, concurrency: 4, enableSuperseding: true },
  },
  minimumDiskSpace: 10_000_000_001,
};
const nothing: TransformSources = { env: {}, secret: () => assert.fail("no secret is asked for") };

async function load(config: object, more: { transforms?: unknown; sources?: Partial<TransformSources> } = {}) {
  const notices: string[] = [];
  const notice = (sentence: string): void => void notices.push(sentence);
  const text = JSON.stringify({ ...(more.transforms ? { transforms: more.transforms } : {}), config });
  const file = await translate({ name: "config.yml", text }, { ...nothing, ...more.sources }, notice);
  return { config: loadConfig({ file, notice }), notices };
}

async function refused(...args: Parameters<typeof load>): Promise<readonly string[]> {
  try {
    await load(...args);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.errors;
  }
  return assert.fail("the file was taken");
}

suite("a file in taskcluster-worker's layout", () => {
  test("sets what this worker needs", async () => {
    const { config, notices } = await load(usual);
    assert.deepEqual(missing(config), []);
    const { capacity, pollingInterval, reclaimOffset, requiredDiskSpaceMegabytes, workerGroup } = config;
    assert.deepEqual(
      { capacity, pollingInterval, reclaimOffset, requiredDiskSpaceMegabytes, workerGroup },
      {
        capacity: 4,
        pollingInterval: 10,
        reclaimOffset: 300,
        requiredDiskSpaceMegabytes: 10_001,
        workerGroup: "office",
      },
    );
    assert.deepEqual(config.plugins, { ...plugins, disabled: [] });
    assert.deepEqual(notices, []);
  });

  test("switches off every plugin without a section, as there", async () => {
    const { config } = await load({ ...usual, plugins: { disabled: ["env"], env: {}, artifacts: {} } });
    assert.deepEqual(config.plugins.disabled, ["env", "interactive", "livelog", "maxruntime", "tasklog"]);
  });

  test("tells what has no effect here", async () => {
    const idle = {
      temporaryFolder: "/tmp",
      minimumMemory: 1,
      monitor: { logLevel: "info" },
      queueBaseUrl: "https://x",
    };
    const { notices } = await load({ ...usual, ...idle, webHookServer: { provider: "localhost" } });
    const names = notices.map((notice) => /^config\.yml: (\w+) has no effect: /.exec(notice)?.[1]);
    assert.deepEqual(names, [...Object.keys(idle), "webHookServer"]);
  });

  test("must let each task have a user of its own, and no groups", async () => {
    const engines = { macosx: { createUser: false, userGroups: ["staff"], sudoo: true } };
    assert.deepEqual(await refused({ ...usual, engines }), [
      'config.yml: engines.macosx has the unknown setting "sudoo".',
      "config.yml: engines.macosx.createUser must be true: every task runs in a user of its own.",
      "config.yml: engines.macosx.userGroups must be empty: task users are in no group but their own, so that tasks share none.",
    ]);
    assert.match(String(await refused({ ...usual, engines: { macosx: {} } })), /createUser must be true/);
  });

  test("is refused for another engine and for settings that nobody knows", async () => {
    assert.match(String(await refused({ ...usual, engine: "docker" })), /engine is "docker", but there is one engine/);
    assert.match(
      String(await refused({ ...usual, worker: { concurency: 1 } })),
      /worker has the unknown setting "concurency"/,
    );
    assert.match(String(await refused({ ...usual, wroker: {} })), /unknown setting "wroker"/);
    const disabled = "interactive";
    assert.match(
      String(await refused({ ...usual, plugins: { ...plugins, disabled } })),
      /plugins\.disabled must be a list/,
    );
    const beside = translate({ name: "c", text: '{"config":{},"engine":"macosx"}' }, nothing, () => {});
    await assert.rejects(beside, { message: 'c: beside "config" there is "engine", which belongs into it.' });
  });

  test("can be that of docs/configuration.md", async () => {
    const page = sectionOf(textOf("docs/configuration.md"), "### A file of taskcluster-worker");
    const text = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? "";
    const env = { TASKCLUSTER_ACCESS_TOKEN: "a-token-of-twenty-two-letters" };
    const file = await translate({ name: "c", text }, { env, secret: async () => ({ location: "here" }) }, assert.fail);
    const config = loadConfig({ file, notice: assert.fail });
    assert.deepEqual([missing(config), config.workerLocation, config.capacity], [[], "here", 2]);
  });

  test("is left as it is when it is in our own layout, or no YAML", async () => {
    for (const text of ["rootURL: https://x", "a: [", "", "config: 1"]) {
      assert.equal((await translate({ name: "worker.yml", text }, nothing, () => {})).text, text);
    }
  });
});

suite("a transform", () => {
  test("env reads the environment as a text, a number, a truth, a list or JSON", async () => {
    const env = {
      TOKEN: "a-token-of-twenty-two-letters",
      N: "7",
      LOGS: "TRUE",
      OFF: "env  artifacts",
      EXTRA: '{"A":"b"}',
    };
    const { config } = await load(
      {
        ...usual,
        credentials: { clientId: "a", accessToken: { $env: "TOKEN" } },
        worker: { ...usual.worker, concurrency: { $env: "N", type: "number" } },
        enableLiveLog: { $env: "LOGS", type: "bool" },
        plugins: {
          ...plugins,
          disabled: { $env: "OFF", type: "list" },
          env: { extra: { $env: "EXTRA", type: "json" } },
        },
      },
      { transforms: ["env"], sources: { env } },
    );
    const { accessToken, capacity, enableLiveLog } = config;
    assert.deepEqual([accessToken, capacity, enableLiveLog], [env.TOKEN, 7, true]);
    assert.deepEqual([config.plugins.disabled, config.plugins.env], [["env", "artifacts"], { extra: { A: "b" } }]);
  });

  test("env says which variable is missing or of another type, and never its value", async () => {
    const asked = (type: string, env: Record<string, string>) =>
      refused({ ...usual, rootURL: { $env: "HERE", type } }, { transforms: ["env"], sources: { env } });
    assert.match(String(await asked("string", {})), /^config\.yml: \{\$env: HERE\} is not in the environment/);
    for (const type of ["number", "bool", "json"]) {
      assert.equal(String(await asked(type, { HERE: "hush!" })), `config.yml: {$env: HERE} is no ${type}.`);
    }
    assert.match(String(await asked("text", { HERE: "x" })), /has the type "text", but there are string, number/);
  });

  test("abs makes a path absolute", async () => {
    const extra = { TOOLS: { $abs: "tools" } };
    const { config } = await load({ ...usual, plugins: { ...plugins, env: { extra } } }, { transforms: ["abs"] });
    assert.deepEqual(config.plugins.env?.extra, { TOOLS: resolve("tools") });
  });

  test("secrets asks once for each secret, with the credentials that came before", async () => {
    const asked: unknown[] = [];
    const secret: TransformSources["secret"] = async (name, settings) => {
      asked.push([name, Object(settings["credentials"]).clientId]);
      return { a: "https://a.example.com", b: "b" };
    };
    const from = (key: string) => ({ $secret: "project/mac", key });
    const { config } = await load(
      {
        ...usual,
        credentials: { ...usual.credentials, clientId: { $env: "ME" } },
        rootURL: from("a"),
        workerLocation: from("b"),
      },
      { transforms: ["env", "secrets"], sources: { env: { ME: "me" }, secret } },
    );
    assert.deepEqual(
      [config.rootURL, config.workerLocation, asked],
      ["https://a.example.com", "b", [["project/mac", "me"]]],
    );
    const why = await refused({ ...usual, rootURL: from("c") }, { transforms: ["secrets"], sources: { secret } });
    assert.equal(String(why), 'config.yml: {$secret: project/mac} has no key "c".');
  });

  test("that asked services which are gone is refused with the reason", async () => {
    for (const name of ["hostcredentials", "packet"]) {
      assert.match(
        String(await refused(usual, { transforms: [name] })),
        new RegExp(`"${name}" cannot be used: .* gone`),
      );
    }
    assert.match(
      String(await refused(usual, { transforms: ["sercets"] })),
      /cannot be used: there are env, abs, secrets/,
    );
    assert.match(String(await refused(usual, { transforms: "env" })), /transforms must be a list of names/);
  });
});

async function secretsService(t: TestContext, answer: (path: string) => { status: number; body: object }) {
  const seen: { path: string; authorization: string }[] = [];
  const server = createServer((request, response) => {
    const { url: path = "", headers } = request;
    seen.push({ path, authorization: headers.authorization ?? "" });
    const { status, body } = answer(path);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return { rootUrl: `http://127.0.0.1:${address.port}`, seen };
}

suite("a secret", () => {
  const access = {
    credentials: { clientId: "me", accessToken: "a-token-of-twenty-two-letters" },
    signal: new AbortController().signal,
  };

  test("comes from the deployment's service, by a signed call", async (t) => {
    const body = { secret: { key: "value" }, expires: "2030-01-01T00:00:00.000Z" };
    const { rootUrl, seen } = await secretsService(t, () => ({ status: 200, body }));
    assert.deepEqual(await readSecret("project/mac", { rootUrl, ...access }), { key: "value" });
    assert.equal(seen[0]?.path, "/api/secrets/v1/secret/project%2Fmac");
    assert.match(seen[0]?.authorization ?? "", /^Hawk id="me"/);
  });

  test("that is not there, or not for this worker, is an error at once", async (t) => {
    const body = { code: "ResourceNotFound", message: "Secret not found" };
    const { rootUrl, seen } = await secretsService(t, () => ({ status: 404, body }));
    await assert.rejects(readSecret("a", { rootUrl, ...access }), /Secret not found/);
    assert.equal(seen.length, 1);
  });
});

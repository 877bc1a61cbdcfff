import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { needsRoot } from "../root.ts";
import { newBuilder, runLines, useRealEngine } from "./real-engine.ts";

const real = useRealEngine();

describe("a command that ends with 126 or 127", { skip: needsRoot }, () => {
  test("was not started when its first line names an interpreter that is not there, and has ended so else", async (t) => {
    const builder = await newBuilder(t, real.current().engine);
    const sandbox = builder.startSandbox();
    await runLines(
      sandbox,
      `put() { printf "$2" >"$1"; chmod "\${3:-755}" "$1"; }
      put missing '#!/no/such/program -x\\n'; put spaced '#! \\t/no/such\\n'; put windows '#!/bin/bash\\r\\n'
      put folder '#!/usr/bin\\n'; put plain '#!/etc/passwd'; put near '#!no-such-program\\n'
      put ends '#!/bin/bash\\nexit 127\\n'; put denied '#!/bin/bash -e\\nexit 126'; put bare 'exit 127\\n'
      put env '#!/usr/bin/env no-such-program\\n'; put hidden '#!/bin/bash\\nrm $0; mkfifo $0; chmod 755 $0; exit 127\\n'`,
    );
    const codeOf = async (name: string): Promise<number | null> => {
      const output = new PassThrough().resume();
      const { code, signal } = await sandbox.run([`./${name}`], output);
      assert.equal(signal, null);
      return code;
    };
    for (const name of ["missing", "spaced", "windows", "folder", "plain", "near"]) {
      assert.equal(await codeOf(name), null, name);
    }
    for (const [name, code] of Object.entries({ ends: 127, denied: 126, bare: 127, env: 127, hidden: 127 })) {
      assert.equal(await codeOf(name), code, name);
    }
  });

  test("is looked for in the PATH of the task", async (t) => {
    const builder = await real.current().engine.newSandboxBuilder();
    t.after(() => builder.dispose());
    builder.setEnvironmentVariable("PATH", `${builder.user.home}/own:/usr/bin:/bin`);
    const sandbox = builder.startSandbox();
    await runLines(sandbox, "mkdir own; echo '#!/no/such' >own/named; chmod 755 own/named");
    assert.equal((await sandbox.run(["named"], new PassThrough().resume())).code, null);
  });
});

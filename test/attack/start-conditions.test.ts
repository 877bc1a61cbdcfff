/** What the helper and its tools could be given at their start, or told while they run, by whoever comes near them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { readConfig } from "../../helper/config.ts";
import { helperFlags } from "../../helper/flags.ts";
import { BareHelper } from "../helper/bare-helper.ts";
import { Client } from "../helper/client.ts";
import { type RealHelper, startRealHelper } from "../helper/real-helper.ts";
import { needsRoot } from "../root.ts";

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

  for (const name of [
    "NODE_COMPILE_CACHE",
    "NODE_REDIRECT_WARNINGS",
    "NODE_PATH",
    "NODE_PENDING_DEPRECATION",
    "DYLD_PRINT_TO_FILE",
    "OPENSSL_CONF",
    "SSL_CERT_FILE",
    "ICU_DATA",
  ]) {
    test(`does not start with ${name} set for it, whatever it says`, () => {
      const { status, said } = bare.run(() => ({ env: { [name]: "/tmp/x" } }));
      assert.equal(status, 78);
      assert.match(said[0] ?? "", new RegExp(name));
    });
  }

  test("gives its tools neither the time zone, the locale, the PATH nor any other variable that it was given", (t) => {
    const [wrapper, seen] = [join(bare.folder, "dscl-env"), join(bare.folder, "seen")];
    const print = 'print F map { "$_=$ENV{$_}\\n" } grep { $_ ne "NODE_OPTIONS" } sort keys %ENV';
    const lines = `open F, ">", "${seen}"; ${print}; close F; exec "${helper.dsclDir}/dscl", @ARGV;\n`;
    writeFileSync(wrapper, `#!/usr/bin/perl\n${lines}`, { mode: 0o755 });
    t.after(() => bare.writeConfig({ dscl: join(helper.dsclDir, "dscl"), uidRange: [5999, 5999] }));
    const config = bare.writeConfig({ dscl: wrapper, uidRange: [5999, 5999] });
    const env = {
      PATH: "/tmp",
      TZ: "Asia/Tokyo",
      LC_ALL: "tr_TR.UTF-8",
      LANG: "ar_EG",
      HOME: "/tmp",
      IFS: "0",
      COLUMNS: "1",
    };
    const more = {
      PS_FORMAT: "args",
      PERL5LIB: "/tmp",
      BASH_ENV: "/tmp/x",
      PS_PERSONALITY: "bsd",
      POSIXLY_CORRECT: "1",
    };
    const { status, said } = bare.run(() => ({ config, env: { ...env, ...more } }));
    assert.equal(status, 0, said.join("\n"));
    assert.equal(readFileSync(seen, "utf8"), "LC_ALL=C\nPATH=/usr/bin:/bin:/usr/sbin:/sbin\nTZ=UTC\n");
  });

  test("cannot have its objects polluted, nor text run as code, under the flags that it runs with", () => {
    const flags = helperFlags(bare.places, readConfig(join(bare.folder, "helper.json")), false);
    const tries = [
      "Object.prototype.uid = 0",
      "Object.defineProperty(Object.prototype, 'uid', { value: 0 })",
      "({}).__proto__.uid = 0",
      "Array.prototype.includes = () => true",
      "JSON.parse = () => ({ uid: 0 })",
      "eval('globalThis.ran = 1')",
      "new Function('globalThis.ran = 1')()",
    ].map((code) => `try { ${code} } catch {}`);
    const tell =
      "process.stdout.write(JSON.stringify([({}).uid ?? null, [].includes(1), JSON.parse('1'), globalThis.ran ?? null]))";
    const script = join(bare.folder, "pollute.js");
    writeFileSync(script, `${tries.join("\n")}\n${tell}`);
    const { stdout, stderr } = spawnSync(helper.node, [...flags, script], { cwd: "/", env: {}, encoding: "utf8" });
    assert.equal(stdout, "[null,false,1,null]", stderr);
  });

  test("opens no debugger when it is sent the signal that asks for one", async () => {
    helper.process.kill("SIGUSR1");
    const client = await Client.hello(helper.socketPath);
    await client.request("ticket", {});
    await client.close();
    assert.doesNotMatch(helper.log(), /Debugger/);
  });

  test("would open none even without the permission model, which forbids it too", () => {
    const config = readConfig(join(bare.folder, "helper.json"));
    const flags = helperFlags(bare.places, config, false).filter((flag) => !/^--(permission|allow)/.test(flag));
    const script = join(bare.folder, "signalled.js");
    // Nothing tells that no debugger will come: a second is a thousand times what one takes.
    writeFileSync(script, 'process.kill(process.pid, "SIGUSR1"); setTimeout(() => console.log("alive"), 1000)');
    const { stdout, stderr } = spawnSync(helper.node, [...flags, script], { cwd: "/", env: {}, encoding: "utf8" });
    assert.deepEqual([stdout, stderr], ["alive\n", ""]);
  });
});

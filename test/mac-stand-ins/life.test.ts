import assert from "node:assert/strict";
import { existsSync, lstatSync, readdirSync } from "node:fs";
import { suite, test } from "node:test";
import { eventually } from "../helper/wait.ts";
import { needsRoot } from "../root.ts";
import { type Call, useMac } from "./mac.ts";

const bash = (lines: string): string[] => ["/bin/bash", "-c", lines];
const nothing = { processes: 0, shared: 0, home: false, account: false };
const pathOf = (argv: readonly string[]): string => argv.slice(1).join(" ");

suite("On a machine that looks like a Mac", { skip: needsRoot }, () => {
  const fixture = useMac();
  const of = (who: "root" | number) => fixture.mac.calls().filter(({ uid }) => (who === "root" ? 0 : who) === uid);
  const named = (calls: Call[], program: string) => calls.filter(({ argv }) => argv[0] === program);

  test("the helper keeps its things where macOS keeps such things, and homes are in /Users", async (t) => {
    const { user } = await fixture.clientWithUser(t);
    const { mac } = fixture;
    const state = "/private/var/db/taskcluster-worker/default";
    const modeOf = (path: string): string => (lstatSync(mac.at(path)).mode & 0o777).toString(8);
    assert.equal(user.home, `/Users/${user.name}/home`);
    assert.deepEqual([modeOf(`/Users/${user.name}`), modeOf(user.home)], ["710", "700"]);
    assert.deepEqual([modeOf(`${state}/run`), modeOf(`${state}/run/helper.sock`)], ["750", "660"]);
    assert.deepEqual([modeOf(`${state}/private`), modeOf(`${state}/private/journal`)], ["700", "600"]);
    await eventually(() => mac.status().live === 1, "status.json counts the user");
    assert.ok(mac.read("/Library/Logs/taskcluster-worker/default/audit.log").includes(user.name));
    assert.deepEqual(readdirSync(mac.at("/Users/.taskcluster-worker-default")), []);
  });

  test("a task writes to its connection without anything in between", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.mac.forgetCalls();
    const { output } = await client.run(user.user, bash("printf direct; [[ -S /proc/self/fd/1 ]] && printf ' socket'"));
    assert.equal(output, "direct socket");
    assert.deepEqual(of(user.uid), []);
  });

  test("a life runs nothing as root but dscl, id, launchctl and ps", async (t) => {
    fixture.mac.forgetCalls();
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("echo x >/tmp/file; echo '* * * * * true' | crontab -"));
    await client.request("deleteUser", { user: user.user });
    const programs = new Set(of("root").map(({ argv }) => argv[0]));
    assert.deepEqual([...programs].sort(), ["dscl", "id", "launchctl", "ps"]);
  });

  test("an end is: launchd's jobs, look twice and kill, look three times, sweep as the user, all that again, then the records", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.mac.forgetCalls();
    assert.equal((await client.request("deleteUser", { user: user.user })).state, "gone");
    const calls = fixture.mac.calls().map(({ uid, argv }) => (uid === 0 ? argv.join(" ") : "as the user"));
    const steps = calls.filter((call, index) => call !== "as the user" || calls[index - 1] !== call);
    const look = "ps -axo pid=,uid=,ruid=,svuid=,stat=";
    const kill = [`launchctl bootout user/${user.uid}`, look, look, ...[look, look, look]];
    const read = (type: string): string => `dscl -plist . -read /${type}/${user.name}`;
    const deletion = (type: string): string[] => [
      ...[read("Users"), read("Groups"), read(type)],
      ...[`dscl . -delete /${type}/${user.name}`, read(type)],
    ];
    assert.deepEqual(steps, [...kill, "as the user", ...kill, ...deletion("Users"), ...deletion("Groups")]);
  });

  for (const [status, meaning] of [
    [3, "no such process"],
    [36, "operation now in progress"],
    [113, "could not find the domain"],
  ] as const) {
    test(`launchctl that ends with ${status}, ${meaning}, changes nothing`, async (t) => {
      fixture.mac.launchctlExits(status);
      t.after(() => fixture.mac.launchctlExits(0));
      const { client, user } = await fixture.clientWithUser(t);
      await client.start(user.user, bash("setsid sleep 300 >/dev/null 2>&1 & echo up"));
      const gone = await client.request("deleteUser", { user: user.user });
      assert.deepEqual([gone.state, gone.left, gone.found.processes], ["gone", nothing, 1]);
    });
  }

  test("everything that a task leaves on a Mac is found, removed and looked at again", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const leaf = fixture.mac.makeFolders(user.uid);
    const { exited, output } = await client.run(
      user.user,
      bash(`for d in /private/tmp /private/var/tmp /Users/Shared /Library/Caches ${leaf}/T; do echo x >$d/file; done
        cp /real/usr/bin/true /Users/Shared/raised; chmod 6755 /Users/Shared/raised
        echo '* * * * * true' | crontab -; echo true | at; echo page >/private/var/stand-ins/prints/office-7
        { ipcmk -M 4096; ipcmk -S 2; ipcmk -Q; } >ids; chflags uchg ids
        echo "/dev/disk4s1 on $HOME/image (hfs, local, nodev, nosuid, noowners, mounted by ${user.name})" >>/private/var/stand-ins/mounts
        echo "//server/a on b (c) on /Volumes/a (b) c (smbfs, nodev, nosuid, mounted by ${user.name})" >>/private/var/stand-ins/mounts`),
      { env: { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", HOME: user.home } },
    );
    assert.deepEqual([exited.code, output], [0, ""]);
    fixture.mac.write(`/private/var/mail/${user.name}`, "From cron\n", user.uid);
    fixture.mac.forgetCalls();
    const gone = await client.request("deleteUser", { user: user.user });
    // 5 files, C and T, a set-uid file, a crontab, an at job, a print job, 3 IPC objects, 2 mounts, mail.
    assert.deepEqual([gone.state, gone.left, gone.found.shared], ["gone", nothing, 5 + 2 + 1 + 1 + 1 + 1 + 3 + 2 + 1]);
    const [calls, { mac }] = [of(user.uid), fixture];
    const answers = mac.read("/Library/Logs/taskcluster-worker/default/audit.log").match(/"answer":"[^"]*"/g) ?? [];
    assert.match(answers.at(-2) ?? "", /^"answer":"found 17\\nset-id 1\\nreports 0\\nleft 0\\n"$/);
    assert.match(answers.at(-1) ?? "", /^"answer":"found 0\\nreports 0\\nleft 0\\nlooked\\n"$/);
    assert.deepEqual(
      named(calls, "hdiutil").map(({ argv }) => pathOf(argv)),
      [`detach -force ${user.home}/image`, "detach -force /Volumes/a (b) c"],
    );
    assert.deepEqual(named(calls, "umount"), [{ uid: user.uid, argv: ["umount", "-f", "/Volumes/a (b) c"] }]);
    assert.deepEqual(named(calls, "cancel"), [{ uid: user.uid, argv: ["cancel", "-u", user.name, "-a"] }]);
    assert.equal(named(calls, "ipcrm").length, 3);
    assert.equal(named(calls, "atrm").length, 1);
    assert.deepEqual(
      named(calls, "crontab").filter(({ argv }) => argv[1] === "-r"),
      [{ uid: user.uid, argv: ["crontab", "-r"] }],
    );
    const homeCalls = calls.filter(({ argv }) => argv.includes(user.home)).map(({ argv }) => pathOf(argv));
    assert.deepEqual(homeCalls.slice(0, 5), [
      `-R u+rwx ${user.home}`,
      `-R nouchg,nouappnd ${user.home}`,
      `-RN ${user.home}`,
      `-R u+rwx ${user.home}`,
      `${user.home} -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +`,
    ]);
    assert.deepEqual(readdirSync(mac.at(leaf)), []);
    assert.equal(mac.read(`/private/var/mail/${user.name}`), "");
    assert.equal(mac.read("/private/var/stand-ins/mounts").includes(user.name), false);
  });

  test("flags and ACLs in shared places are dropped before anything there is removed", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    await client.run(user.user, bash("echo x >/tmp/kept"));
    fixture.mac.forgetCalls();
    await client.request("deleteUser", { user: user.user });
    const order = of(user.uid).map(({ argv }) => (argv.includes("-delete") ? "delete" : argv.join(" ")));
    const at = ["chflags -R nouchg,nouappnd /private/tmp/kept", "chmod -RN /private/tmp/kept", "delete"].map((call) =>
      order.indexOf(call),
    );
    assert.ok(
      at.every((index, i) => index > (at[i - 1] ?? -1)),
      at.join(),
    );
  });

  test("what another user has mounted stays, whatever its name says", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const line = `/dev/disk9s1 on /Volumes/x (hfs, mounted by ${user.name}) (hfs, local, mounted by tcw-somebody)\n`;
    fixture.mac.write("/private/var/stand-ins/mounts", line);
    t.after(() => fixture.mac.write("/private/var/stand-ins/mounts", ""));
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.found.shared], ["gone", 0]);
    assert.equal(fixture.mac.read("/private/var/stand-ins/mounts"), line);
  });

  test("a crash report that its user cannot remove is reported, and is no quarantine", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    const report = "/Library/Logs/DiagnosticReports/firefox.ips";
    fixture.mac.write(report, "{}", user.uid);
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.ok(existsSync(fixture.mac.at(report)));
    const log = fixture.mac.read("/Library/Logs/taskcluster-worker/default/audit.log");
    assert.equal(log.match(/reports 1/g)?.length, 1);
  });

  test("a look that could not be made is made again, in another sweep", async (t) => {
    const { client, user } = await fixture.clientWithUser(t);
    fixture.mac.forgetCalls();
    fixture.mac.write("/private/var/stand-ins/blind-finds", "1\n");
    const gone = await client.request("deleteUser", { user: user.user });
    assert.deepEqual([gone.state, gone.left], ["gone", nothing]);
    assert.equal(named(of("root"), "launchctl").length, 3);
  });
});

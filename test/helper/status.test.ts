import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { suite, test } from "node:test";
import { publish } from "../../helper/helper.ts";
import { needsRoot } from "../root.ts";
import { holding } from "./holding.ts";

suite("status.json", { skip: needsRoot }, () => {
  test("that cannot be written ends nothing, is noted, and is written as soon as it can be", (t) => {
    const helper = holding(t);
    publish(helper);
    assert.equal(existsSync(helper.places.status), false);
    assert.match(readFileSync(`${helper.places.logs}/audit.log`, "utf8"), /"action":"status-unwritable"/);
    mkdirSync(helper.places.status.replace("/status.json", ""));
    publish(helper);
    assert.equal(JSON.parse(readFileSync(helper.places.status, "utf8")).live, 0);
  });

  test("is replaced only when something of it has changed", (t) => {
    const helper = holding(t);
    mkdirSync(helper.places.status.replace("/status.json", ""));
    publish(helper);
    const first = statSync(helper.places.status).ino;
    publish(helper);
    assert.equal(statSync(helper.places.status).ino, first);
    helper.news.agent = true;
    publish(helper);
    assert.equal(JSON.parse(readFileSync(helper.places.status, "utf8")).agent, true);
  });
});

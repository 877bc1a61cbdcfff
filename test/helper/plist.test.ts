import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecords } from "../../helper/plist.ts";

const head = '<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0">';
const dict = (content: string): string => `${head}<dict>${content}</dict></plist>`;
const value = (text: string): string => dict(`<key>A</key><array><string>${text}</string></array>`);

test("a number that is no character is an unknown entity", () => {
  for (const number of ["#x110000", "#1114112", "#xFFFFFF", "#9999999"]) {
    assert.throws(() => parseRecords(value(`&${number};`)), /^Error: plist: unknown entity$/, number);
  }
});

test("characters may be given by number, in both forms, up to the last one", () => {
  assert.deepEqual(parseRecords(value("&#65;&#065;&#x41;&#x1F98a;&#x10FFFF;"))[0]?.["A"], ["AAA\u{1f98a}\u{10ffff}"]);
});

test("an attribute that is there twice is refused, also when only one of the two is standard", () => {
  for (const [one, other] of [
    ["A", "A"],
    ["dsAttrTypeStandard:UniqueID", "dsAttrTypeNative:UniqueID"],
  ]) {
    const text = dict(`<key>${one}</key><array/><key>${other}</key><array/>`);
    assert.throws(() => parseRecords(text), /^Error: plist: an attribute is there twice$/);
  }
});

test("an attribute may have the name of something that objects have", () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const [record] = parseRecords(dict(`<key>${name}</key><array><string>x</string></array>`));
    assert.deepEqual(Object.entries(record ?? {}), [[name, ["x"]]]);
  }
});

test("two hundred thousand spaces take no noticeable time, wherever they are", () => {
  const pieces = dict("<key>A</key><array><string>x</string></array>").split(/(?=<)/);
  const began = process.cpuUsage();
  for (let at = 1; at <= pieces.length; at += 1) {
    const text = `${pieces.slice(0, at).join("")}${" ".repeat(200_000)}x`;
    assert.throws(() => parseRecords(text), /^Error: plist: malformed at /);
  }
  assert.ok(process.cpuUsage(began).user < 5_000_000); // The square of it would be minutes.
});

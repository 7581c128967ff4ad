import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

/** Texts that are the same in both languages: names of things, units, formulas. */
const SAME =
  /^[\p{P}\p{S}\p{N}\s]*(?:BitTorrent|uTP|DHT|Qvod|SSD|HDD|IP|VLAN|QR|UDP|TCP|TLS|DHCP|DNS|Swarmbox|[kMGT]?i?B(?:\/s)?|Mbit\/s)?[\p{P}\p{S}\p{N}\s]*$/u;
const HAN = /\p{Script=Han}/u;

/** Every text below a table of words, with the path to it; functions are called with what they take, as text. */
function texts(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String(value(...Array(value.length).fill('7')))]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, `${path}.${key}`));
}

const names = readdirSync(import.meta.dirname).filter((name) => name.endsWith('-en.ts'));

test('there are words', () => assert.ok(names.length > 1));

for (const name of names) {
  test(`${name}: Chinese has every text of the English, and none is left in English`, async () => {
    const { en } = await import(`./${name}`);
    const { zh } = await import(`./${name.replace('-en.ts', '-zh.ts')}`);
    const [english, chinese] = [texts(en, ''), new Map(texts(zh, ''))];
    assert.ok(english.length > 0);
    assert.deepEqual([...chinese.keys()].sort(), english.map(([path]) => path).sort());
    for (const [path, text] of english) {
      const other = chinese.get(path) ?? '';
      if (SAME.test(text) || path === '.otherLanguage') continue;
      assert.notEqual(other, text, `${path} is not translated`);
      assert.match(other, HAN, `${path} has no Chinese in it: ${other}`);
      assert.doesNotMatch(text, HAN, `${path} is English and has Chinese in it: ${text}`);
      const places = (t: string) => [...t.matchAll(/\{\w+\}/g)].map(String).sort();
      assert.deepEqual(places(other), places(text), `${path} has other places to fill`);
    }
  });
}

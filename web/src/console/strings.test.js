// Every word is there in both languages, and every word that the pages ask for is there.
import assert from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';

const folder = new URL('.', import.meta.url);
const source = await readFile(new URL('strings.js', folder), 'utf8');
const lines = source.split('export const STRINGS = {')[1].split('\n};')[0].split('\n');
const entries = lines.map((line) => line.match(/^ {2}(\w+): \['(.+?)', '(.+)'\],$/)).filter(Boolean);
const keys = new Set(entries.map(([, key]) => key));

test('every word is there in both languages', () => {
  const words = lines.filter((line) => line.trim() && !line.trim().startsWith('//'));
  assert.equal(entries.length, words.length);
  assert.equal(keys.size, entries.length);
});

test('every word that the pages ask for is there', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsx') || name === 'news.js');
  for (const name of files) {
    const text = await readFile(new URL(name, folder), 'utf8');
    for (const [, key] of text.matchAll(/\bt\('(\w+)'/g)) assert.ok(keys.has(key), `${name}: ${key}`);
  }
});

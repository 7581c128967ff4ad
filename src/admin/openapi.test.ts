import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAdmin } from './fixtures.ts';

test('the API describes itself, and every reference in it leads somewhere', async () => {
  const { url, close } = await startAdmin();
  const text = await (await fetch(`${url}/api/openapi.json`)).text();
  await close();
  const api = JSON.parse(text);
  assert.equal(api.openapi, '3.1.0');
  assert.ok(Object.keys(api.paths).includes('/api/snapshot'));
  for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
    assert.ok(Object.hasOwn(api.components.schemas, String(name)), String(name));
  for (const name of Object.keys(api.components.schemas)) assert.match(String(name), /^[A-Za-z0-9._-]+$/);
  assert.deepEqual(
    api.paths['/api/explain'].get.parameters.map((p: { name: string }) => p.name),
    ['client', 'endpoint'],
  );
});

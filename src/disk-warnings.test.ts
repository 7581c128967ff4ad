import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskWarnings } from './disk-warnings.ts';

test('each disk is warned of for itself, and one that is well is not', () => {
  const well = { path: '/a', state: 'good', errors: 3, scrub: { piecesRead: 9, badPieces: 0 } } as const;
  assert.deepEqual(diskWarnings([well]), []);
  const warnings = diskWarnings([
    well,
    { path: '/b', state: 'gone', errors: 0 },
    { path: '/c', state: 'failing', errors: 8, scrub: { piecesRead: 9, badPieces: 2 } },
  ]);
  assert.deepEqual(
    warnings.map(({ code, severity, detail }) => [code, severity, detail?.path, detail?.count]),
    [
      ['disk-gone', 'bad', '/b', undefined],
      ['disk-failing', 'bad', '/c', 8],
      ['disk-rots', 'warn', '/c', 2],
    ],
  );
});

/** `make image-test`: the trials that were named, or all, one after the other. In the order given: one leaves the disk that the next one starts from (`node --test` would sort them by name). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const ALL = ['wire', 'update', 'rollback', 'install', 'machine', 'cuts'];

const named = argv.slice(2);
const files = (named.length > 0 ? named : ALL).map((name) => join(import.meta.dirname, `${name}.vm.ts`));
for (const file of files) if (!existsSync(file)) throw new Error(`there is no ${file}: one of ${ALL.join(' ')}`);
const tests = run({ files, concurrency: false });
tests.on('test:fail', () => {
  process.exitCode = 1;
});
tests.compose(spec).pipe(process.stdout);

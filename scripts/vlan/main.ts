/** What `make matrix-vlan` runs inside the virtual machine: one JSON line for each download and check, exit code 1 when one failed. */
import { sameAddresses, utpRefused } from './checks.ts';
import { downloads, openCafe } from './downloads.ts';

let failed = 0;
let lines = 0;
function tell(line: { readonly result: string }): void {
  lines++;
  if (line.result === 'failed') failed++;
  console.log(JSON.stringify(line));
}

const begin = performance.now();
tell(await sameAddresses([10, 20]));
{
  await using cafe = await openCafe();
  for await (const line of downloads(cafe)) {
    tell(line);
    if (line.result === 'failed') console.error(await cafe.daemon.tail());
  }
  tell(await utpRefused(cafe));
}
console.log(JSON.stringify({ lines, failed, seconds: Math.round((performance.now() - begin) / 1000) }));
process.exitCode = failed === 0 ? 0 : 1;

/**
 * `node scripts/fleet/region.ts REGION AMQP_ADDRESS NODE@SITE...`: writes what a region with a broker of its own needs, with new passwords: `centre.json` and `region.json` for `rabbitmqctl import_definitions` at the
 * two brokers, and a file with the password of each node. AMQP_ADDRESS: where the region reaches the central's broker (host:port).
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { argv, exit } from 'node:process';
import { isName } from '../../src/fleet/names.ts';
import { regionDefinitions, regionUser } from '../../src/fleet/regions.ts';
import { definitionsOf, terminalRights } from '../../src/fleet/rights.ts';

const VHOST = 'fleet';

export type RegionFiles = {
  readonly centre: object;
  readonly region: object;
  readonly nodes: readonly { readonly name: string; readonly password: string }[];
};

/** `nodes`: NODE@SITE each. Throws on what is none. */
export function regionFiles(region: string, address: string, nodes: readonly string[]): RegionFiles {
  const password = (): string => randomBytes(12).toString('hex');
  const users = nodes.map((word) => {
    const [name = '', site = ''] = word.split('@');
    if (!isName(name) || !isName(site)) throw new Error(`${word} is no NODE@SITE`);
    return { name, password: password(), rights: terminalRights(name, site) };
  });
  if (!isName(region) || address === '' || users.length === 0) throw new Error('say REGION AMQP_ADDRESS NODE@SITE...');
  const own = password();
  const names = users.map(({ name }) => name);
  return {
    centre: definitionsOf(VHOST, [regionUser(region, own, names)]),
    region: regionDefinitions(VHOST, `amqp://${region}:${own}@${address}/${VHOST}`, users),
    nodes: users,
  };
}

if (argv[1] === import.meta.filename)
  try {
    const [name = '', address = '', ...words] = argv.slice(2);
    const { centre, region, nodes } = regionFiles(name, address, words);
    const secret = { mode: 0o600 };
    await writeFile('centre.json', JSON.stringify(centre, null, 2), secret);
    await writeFile('region.json', JSON.stringify(region, null, 2), secret);
    for (const node of nodes) await writeFile(`${node.name}.password`, node.password, secret);
    console.log(`wrote centre.json, region.json and ${nodes.length} passwords`);
  } catch (error) {
    console.error(`region: ${(error as Error).message}`);
    exit(1);
  }

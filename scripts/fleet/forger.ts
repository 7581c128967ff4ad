/** `forger.ts BROKER.json NODE`: puts an offer into a node's inbox that is signed by nobody whom it trusts, with the rights of whoever the configuration names. Says its id. */
import { generateKeyPairSync } from 'node:crypto';
import { argv, exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { amqpBroker } from '../../src/fleet/amqp-broker.ts';
import { brokerServer, readConfig } from '../../src/fleet/config.ts';
import { idOf, type Manifest, signManifest } from '../../src/fleet/manifest.ts';
import { encodeDown } from '../../src/fleet/messages.ts';
import { DOWN, keyToNode } from '../../src/fleet/names.ts';

const manifest: Manifest = {
  v: 1,
  kind: 'files',
  name: 'forged',
  rev: 1,
  createdMs: 1,
  sizeBytes: 1,
  fileCount: 1,
  pieceLength: 65_536,
  infoHash: 'ab'.repeat(20) as Manifest['infoHash'],
  seedSha256: 'ab'.repeat(32),
  seedBytes: 1,
};

const [config = '', node = ''] = argv.slice(2);
const signed = signManifest(manifest, generateKeyPairSync('ed25519').privateKey);
const id = idOf(signed.bytes);
const [bytes, signature] = [signed.bytes.toString('base64'), signed.signature.toString('base64')];
const offer = encodeDown({ kind: 'offer', id, manifest: bytes, signature, way: 'inline' });
const broker = amqpBroker(brokerServer(readConfig(config, 'auditor').broker, 'forger'), {
  topology: () => ({ exchanges: [], queues: [], bindings: [] }),
  onError: console.error,
});
const message = { exchange: DOWN, key: keyToNode(node, 'offer'), messageId: id, persistent: true, ...offer };
for (let tries = 0; (await broker.publish(message, true)).kind !== 'ok'; await sleep(100))
  if (++tries >= 300) {
    console.error('forger: the broker does not take it');
    exit(1);
  }
await broker.close();
stdout.write(`${id}\n`);

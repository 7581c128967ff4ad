/**
 * `node scripts/fleet/log.ts auditor.json [--follow]`: all that nodes said and the central's diary, of the last month, one JSON line each, from a configuration
 * of the broker alone: `{"broker": {...}}`, of a user with `auditorRights`. It ends when there is no more, or with `--follow` goes on with what comes.
 */
import { argv, exit, stdout } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../../src/base/errors.ts';
import { amqpBroker, type BrokerServer } from '../../src/fleet/amqp-broker.ts';
import type { Delivery } from '../../src/fleet/broker.ts';
import { brokerServer, readConfig } from '../../src/fleet/config.ts';
import { decodeLog, decodeUp, type LogMessage, type UpMessage } from '../../src/fleet/messages.ts';
import { LOG_QUEUE, senderOf, TOLD } from '../../src/fleet/names.ts';

/** Nothing came for so long: that was all. */
const QUIET_MS = 2_000;
/** Not even the first. */
const PATIENCE_MS = 30_000;

/** Messages that are known again when they come twice: what is sent again comes soon after. */
const KNOWN_MAX = 10_000;

/** `from`: the node, or 'central'. `unread`: why it is not understood. */
export type LogEntry = { readonly at: string | undefined; readonly from: string } & (
  | { readonly said: UpMessage | LogMessage }
  | { readonly unread: string }
);

function entryOf({ exchange, key, type, contentType = '', body, sentMs }: Delivery): LogEntry {
  const carried = { type, contentType, body };
  const from = exchange === TOLD ? 'central' : (senderOf(key)?.node ?? key);
  const read = exchange === TOLD ? decodeLog(carried) : decodeUp(carried);
  const at = sentMs === undefined ? undefined : new Date(sentMs).toISOString();
  return read.kind === 'ok' ? { at, from, said: read.value } : { at, from, unread: read.why };
}

/** From the oldest on, each once. Resolves when there is no more, and never while it follows. Rejects when the log cannot be read. */
export async function readLog(
  server: BrokerServer,
  entry: (entry: LogEntry) => void,
  isFollowing = false,
): Promise<void> {
  let [next, count, lastMs] = [0, 0, Date.now()];
  let trouble: unknown;
  const seen = new Set<string>();
  const topology = () => ({ exchanges: [], queues: [], bindings: [] });
  await using broker = amqpBroker(server, {
    topology,
    onError: (error) => {
      trouble = error;
    },
  });
  broker.consume({
    queue: LOG_QUEUE,
    prefetch: 100,
    from: () => (next === 0 ? 'first' : next),
    onDelivery: (delivery) => {
      [next, lastMs] = [Number(delivery.headers?.['x-stream-offset']) + 1, Date.now()];
      // Whoever did not hear that the broker had it sent it again.
      if (!seen.has(delivery.messageId)) {
        seen.add(delivery.messageId);
        if (seen.size > KNOWN_MAX) seen.delete([...seen.values().take(1)][0] ?? '');
        count++;
        entry(entryOf(delivery));
      }
      delivery.ack();
    },
  });
  for (let isOver = false; !isOver; await sleep(100)) {
    if (trouble) throw trouble;
    const silentMs = Date.now() - lastMs;
    if (silentMs >= PATIENCE_MS && broker.state.kind === 'down') throw new Error(broker.state.why);
    isOver = !isFollowing && silentMs >= (count > 0 ? QUIET_MS : PATIENCE_MS);
  }
}

if (argv[1] === import.meta.filename)
  try {
    const path = argv.slice(2).find((word) => !word.startsWith('-'));
    if (!path) throw new Error('say the path of a configuration: {"broker": {...}}');
    const server = brokerServer(readConfig(path, 'auditor').broker, 'log');
    await readLog(server, (entry) => stdout.write(`${JSON.stringify(entry)}\n`), argv.includes('--follow'));
  } catch (error) {
    console.error(`log: ${errorText(error)}`);
    exit(1);
  }

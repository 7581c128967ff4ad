/**
 * What each role may do on the broker, and the users as RabbitMQ reads them (`rabbitmqctl import_definitions`).
 * A user is called as its node: the common name of its certificate. The broker keeps them apart, not the receivers:
 * a node cannot read what is for another, nor speak in another's name.
 */
import { createHash, randomBytes } from 'node:crypto';
import { CENTRAL_QUEUE, controlInbox, DATA, DOWN, dataInbox, isName, LOG_QUEUE, TOLD, UP } from './names.ts';

/** Regular expressions of RabbitMQ: over the names of queues and exchanges, then over routing keys of one exchange. */
export type Rights = {
  /** May declare and delete. */
  readonly configure: string;
  /** May publish to, and bind (a queue). */
  readonly write: string;
  /** May consume from, and bind to (an exchange). */
  readonly read: string;
  /** Keys that it may publish with (`write`) and bind with (`read`). */
  readonly topics: readonly { readonly exchange: string; readonly write: string; readonly read: string }[];
};

const NOTHING = '^$';
const ANY_INBOX = 'inbox\\.[a-z0-9-]+\\.(ctl|data)';

const escaped = (name: string): string => name.replaceAll('.', '\\.');
const oneOf = (...names: string[]): string => `^(${names.join('|')})$`;

export function centralRights(): Rights {
  const own = [DOWN, DATA, UP, TOLD, CENTRAL_QUEUE, LOG_QUEUE].map(escaped);
  const all = oneOf(...own, ANY_INBOX);
  return { configure: all, write: all, read: oneOf(...own), topics: [] };
}

/** Who reads what happened, and nothing else. */
export const auditorRights = (): Rights => ({
  configure: NOTHING,
  write: NOTHING,
  read: oneOf(escaped(LOG_QUEUE)),
  topics: [],
});

/** A terminal has its inboxes, hears what is for all, its site and itself, and speaks for itself. */
export const terminalRights = (node: string, site: string): Rights => nodeRights(node, site, NOTHING);

/** A relay is a node too, and may speak to its own site. */
export const relayRights = (node: string, site: string): Rights => nodeRights(node, site, `^site\\.${site}\\.`);

function nodeRights(node: string, site: string, speaksTo: string): Rights {
  if (!isName(site)) throw new RangeError(`bug: ${JSON.stringify(site)} cannot be the name of a site`);
  const inboxes = [controlInbox(node), dataInbox(node)].map(escaped);
  const hears = `^(all|site\\.${site}|node\\.${node})\\.`;
  const down = speaksTo === NOTHING ? [] : [DOWN, DATA].map(escaped);
  return {
    configure: oneOf(...inboxes),
    write: oneOf(...inboxes, escaped(UP), ...down),
    read: oneOf(...inboxes, escaped(DOWN), escaped(DATA)),
    topics: [
      { exchange: DOWN, write: speaksTo, read: hears },
      { exchange: DATA, write: speaksTo, read: hears },
      { exchange: UP, write: `^${node}\\.`, read: NOTHING },
    ],
  };
}

/** Without a password a user can only come with a certificate. */
export type BrokerUser = { readonly name: string; readonly password?: string; readonly rights: Rights };

/** A definitions file of RabbitMQ: these users of one virtual host, and no other. */
export function definitionsOf(vhost: string, users: readonly BrokerUser[]): object {
  return {
    vhosts: [{ name: vhost }],
    users: users.map(({ name, password }) => ({
      name,
      password_hash: password === undefined ? '' : passwordHash(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: users.map(({ name: user, rights: { configure, write, read } }) => {
      return { user, vhost, configure, write, read };
    }),
    topic_permissions: users.flatMap(({ name: user, rights }) =>
      rights.topics.map((topic) => ({ user, vhost, ...topic })),
    ),
  };
}

/** RabbitMQ's own form: a salt of four bytes, then SHA-256 of it and the password. */
function passwordHash(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}

import type { IncomingMessage } from 'node:http';
import type { Blinked } from '#machine/blinker.ts';
import type { Declined, DiskDesk } from '#machine/disk-desk.ts';
import { MACHINE_LIMITS } from '#machine/limits.ts';
import type { AddressChanged, OwnAddress } from '#machine/own-address.ts';
import type { Port } from '#machine/ports.ts';
import type { Restarts } from '#machine/restarts.ts';
import type { TimeZone } from '#machine/time-zone.ts';
import type { UpdateDeclined, Updates } from '#update/updates.ts';
import type { RouteName } from '../contract-api.ts';
import type { DrainView } from '../contract-machine.ts';
import { type Ask, type Refused, type Route, refuse, route } from '../route.ts';

/** The machine that the box runs on. */
export type MachineWorld = {
  ports(): Promise<readonly Port[]>;
  readonly bridge: string;
  blink(name: string, seconds: number): Promise<Blinked>;
  readonly disks: Pick<DiskDesk, 'candidates' | 'adopt' | 'remove'>;
  readonly drains: {
    views(): Promise<readonly DrainView[]>;
    /** Undefined: there is no such disk. */
    drain(path: string): Promise<DrainView | undefined>;
    /** False: it was not being drained. */
    undrain(path: string): Promise<boolean>;
  };
  readonly address: Pick<OwnAddress, 'view' | 'change' | 'confirm' | 'revert'>;
  readonly zone: Pick<TimeZone, 'view' | 'change'>;
  readonly restarts: Pick<Restarts, 'view' | 'restart'>;
  readonly updates: Pick<Updates, 'view' | 'receive' | 'receiveFrom' | 'install' | 'discard' | 'rollBack'>;
};

/** Silence of a line over which a whole system is sent, or while its signature is verified. */
const UPLOAD_MS = 300_000;

export const machineRoutes = (world: MachineWorld): Route[] => [
  ...portRoutes(world),
  ...diskRoutes(world),
  ...networkRoutes(world),
  ...timeRoutes(world),
  ...updateRoutes(world),
];

const portRoutes = ({ ports, bridge, blink }: MachineWorld): Route[] => [
  route('GET /api/ports', 'look', async () => ({ ports: await ports(), bridge })),
  route('POST /api/ports/{name}/blink', 'operate', async ({ params, body }) => {
    const { name = '' } = params;
    if (!(await ports()).some((port) => port.name === name)) return refuse('not-found', `There is no port ${name}.`);
    const blinked = await blink(name, body.seconds);
    return blinked.kind === 'blinks' ? {} : refuse('not-available', `${name} has no lamp that blinks: ${blinked.why}.`);
  }),
];

const diskRoutes = ({ disks, drains }: MachineWorld): Route[] => [
  route('GET /api/disks/candidates', 'operate', async () => ({ disks: await disks.candidates() }), {
    answerMs: 2 * MACHINE_LIMITS.lookMs,
  }),
  route(
    'POST /api/disks',
    'administer',
    async ({ body, note }) => {
      const { device, path, format } = body;
      note({
        ...(device !== undefined && { device }),
        ...(path !== undefined && { path }),
        ...(format !== undefined && { format }),
      });
      const adopted = await disks.adopt(body);
      return adopted.kind === 'adopted' ? { path: adopted.path, piecesFound: adopted.piecesFound } : refusal(adopted);
    },
    { audit: 'disk-adopted', answerMs: MACHINE_LIMITS.formatMs + 2 * MACHINE_LIMITS.changeMs },
  ),
  route('GET /api/disks/drains', 'look', async () => ({ drains: await drains.views() })),
  route(
    'POST /api/disks/drain',
    'operate',
    async ({ body, note }) => {
      note(body);
      return (await drains.drain(body.path)) ?? noDisk(body.path);
    },
    { audit: 'disk-drained' },
  ),
  route(
    'POST /api/disks/undrain',
    'operate',
    async ({ body, note }) => {
      note({ ...body, undone: true });
      return (await drains.undrain(body.path)) ? {} : refuse('not-found', `${body.path} is not being drained.`);
    },
    { audit: 'disk-drained' },
  ),
  route(
    'POST /api/disks/remove',
    'administer',
    async ({ body, note }) => {
      note(body);
      const removed = await disks.remove(body.path);
      return removed.kind === 'removed' ? {} : refusal(removed);
    },
    { audit: 'disk-removed' },
  ),
];

const networkRoutes = ({ address }: MachineWorld): Route[] => {
  const answer = async (changed: AddressChanged) =>
    changed.kind === 'done' ? address.view() : refusedAddress(changed);
  return [
    route('GET /api/network', 'look', async ({ asker }) => {
      const view = await address.view();
      // The token is for those who may confirm.
      if (asker.right === 'administer' || !view.unconfirmed) return view;
      return { ...view, unconfirmed: { ...view.unconfirmed, token: '' } };
    }),
    route(
      'PUT /api/network',
      'administer',
      async ({ body, note }) => {
        const { kind } = body.address;
        note({ kind, ...(body.address.kind === 'static' && { addresses: body.address.addresses.join(' ') }) });
        return answer(await address.change(body.address));
      },
      { audit: 'network-changed' },
    ),
    route('POST /api/network/confirm', 'administer', async ({ body }) => answer(await address.confirm(body.token)), {
      audit: 'network-confirmed',
    }),
    route('POST /api/network/revert', 'administer', async () => answer(await address.revert()), {
      audit: 'network-reverted',
    }),
  ];
};

const timeRoutes = ({ zone, restarts }: MachineWorld): Route[] => {
  const view = async () => ({ ...(await zone.view()), nowMs: Date.now() });
  return [
    route('GET /api/time', 'look', view),
    route(
      'PUT /api/time',
      'administer',
      async ({ body, note }) => {
        note({ zone: body.zone });
        const changed = await zone.change(body.zone);
        if (changed.kind === 'done') return view();
        const fields = changed.kind === 'invalid' ? { fields: [{ path: 'zone', code: 'not-one-of' }] } : {};
        return refuse(changed.kind, changed.text, fields);
      },
      { audit: 'time-zone-changed' },
    ),
    route('GET /api/restart', 'look', () => restarts.view),
    route(
      'POST /api/restart',
      'administer',
      ({ body, note }) => {
        note({ what: body.what });
        const nobody =
          body.what === 'daemon'
            ? 'Nobody would start the daemon again: run it under a service manager.'
            : 'The daemon may not restart this machine.';
        return restarts.restart(body.what) ? {} : refuse('not-available', nobody);
      },
      { audit: 'restarted' },
    ),
  ];
};

const updateRoutes = ({ updates }: MachineWorld): Route[] => {
  const answer = async (answered: { readonly kind: 'done' } | UpdateDeclined) =>
    answered.kind === 'done' ? updates.view() : refuse(answered.why, answered.text);
  return [
    route('GET /api/update', 'look', () => updates.view()),
    route(
      'POST /api/update/bundle',
      'administer',
      async ({ request, signal, note }) => {
        const refused = notABundle(request);
        if (refused) return refused;
        const totalBytes = lengthOf(request);
        if (totalBytes !== undefined) note({ bytes: totalBytes });
        return answer(await updates.receive(request, totalBytes, signal));
      },
      { audit: 'update-uploaded', answerMs: UPLOAD_MS },
    ),
    route(
      'POST /api/update/url',
      'administer',
      async ({ body, note }) => {
        note({ url: withoutSecrets(body.url) });
        return answer(await updates.receiveFrom(body.url));
      },
      { audit: 'update-uploaded' },
    ),
    route(
      'POST /api/update/install',
      'administer',
      async ({ body, note }) => {
        const { bundle } = await updates.view();
        if (bundle) note({ version: bundle.version });
        return answer(await updates.install(body.allowOlder ?? false));
      },
      { audit: 'update-installed' },
    ),
    route('POST /api/update/discard', 'administer', async () => answer(await updates.discard())),
    route('POST /api/update/roll-back', 'administer', async () => answer(await updates.rollBack()), {
      audit: 'rolled-back',
    }),
  ];
};

const refusal = ({ why, text }: Declined): Refused => refuse(why, text);
const noDisk = (path: string): Refused => refuse('not-found', `${path} is no disk of the box.`);

function refusedAddress(changed: Exclude<AddressChanged, { kind: 'done' }>): Refused {
  if (changed.kind !== 'invalid') return refuse(changed.kind, changed.text);
  const fields = changed.fields.map((problem) => ({ ...problem, path: `address.${problem.path}` }));
  return refuse('invalid', 'The address cannot be used: see the fields.', { fields });
}

function notABundle({ headers }: IncomingMessage): Refused | undefined {
  if (!/^application\/octet-stream\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return refuse('wrong-type', 'Send the bundle itself as application/octet-stream.');
  return undefined;
}

function lengthOf({ headers }: Ask<RouteName>['request']): number | undefined {
  const said = headers['content-length'];
  return said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : undefined;
}

/** A name and a password may stand in an address, and a signature in its query. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return '';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.slice(0, 256);
}

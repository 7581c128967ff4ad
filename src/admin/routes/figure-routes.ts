import { spelt } from '#base/endpoint.ts';
import { EXPOSITION_TYPE } from '#stats/exposition.ts';
import type { Balance, ClientHistory, ClientsView, Series, Span, Worth } from '../contract-figures.ts';
import { type Refused, type Route, refuse, route, Sent } from '../route.ts';

/** What these routes ask of the house. */
export type FiguresWorld = {
  worth(): Worth;
  series(span: Span): Series;
  balance(): Balance;
  clients(): ClientsView;
  /** `address`: as the box spells it. */
  clientHistory(address: string): ClientHistory;
  /** Of one, or of all. False: the disk did not take it. */
  forgetClients(address: string | undefined): boolean;
  /** In Prometheus' text format. */
  metrics(): string;
};

/** Figures over time, and clients. What one machine did is told to who may act, not to who may only look. */
export const figureRoutes = (world: FiguresWorld): Route[] => [
  route('GET /api/worth', 'look', () => world.worth()),
  route('GET /api/series', 'look', ({ query }) => world.series(query.span)),
  route('GET /api/balance', 'look', () => world.balance()),
  route('GET /metrics', 'look', () => new Sent(EXPOSITION_TYPE, world.metrics())),
  route('GET /api/clients', 'look', () => world.clients()),
  route('GET /api/clients/history', 'operate', ({ query }) => {
    const address = spelt(query.address);
    return address === undefined ? noAddress() : world.clientHistory(address);
  }),
  route(
    'DELETE /api/clients/history',
    'administer',
    ({ query, note }) => {
      const address = query.address === undefined ? undefined : spelt(query.address);
      if (query.address !== undefined && address === undefined) return noAddress();
      note({ all: address === undefined });
      if (world.forgetClients(address)) return {};
      return refuse('disk-full', 'The disk did not take it: nothing was forgotten. See the log, and try again.');
    },
    { audit: 'clients-forgotten' },
  ),
];

const noAddress = (): Refused =>
  refuse('invalid', '"address" must be an IP address, such as 192.168.1.20 or 2001:db8::20.', {
    fields: [{ path: 'address', code: 'wrong-format' }],
  });

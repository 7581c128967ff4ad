import type { FiguresWorld } from '#admin/routes/figure-routes.ts';
import { clientsNow } from '#stats/clients-view.ts';
import { boxMetrics } from './box-metrics.ts';
import type { Parts } from './snapshot.ts';

/** What the page asks of the figures. `parts`: as they are now. */
export function figuresWorld(parts: () => Parts, syslogDropped: () => number): FiguresWorld {
  const { figures, manager } = parts();
  const { stats, clientHistory } = figures;
  return {
    worth: () => stats.worth(),
    series: (span) => stats.series(span),
    balance: () => stats.balance(),
    clients: () => ({ ...clientsNow(manager.connections(), clientHistory.isOn), history: clientHistory.view }),
    clientHistory: (address) => clientHistory.of(address),
    forgetClients: (address) => clientHistory.forget(address),
    metrics: () => boxMetrics(parts(), syslogDropped()),
  };
}

import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Access } from '#access/access.ts';
import { type AdminOptions, AdminServer } from '#admin/admin-server.ts';
import type { HttpListener, ListenAt } from '#admin/http-listener.ts';
import type { Route } from '#admin/route.ts';
import { accessRoutes } from '#admin/routes/access-routes.ts';
import type { Log } from '#base/log.ts';

/** Where the page and the control socket are answered. */

/** In the data folder. Whoever may open it is administrator. */
const CONTROL_SOCKET = 'control.sock';
const WEB_ROOT = join(import.meta.dirname, '../web/dist');

export type PageOptions = {
  readonly dataDir: string;
  readonly version: string;
  readonly live: AdminOptions['live'];
  /** See AdminOptions. */
  readonly startPage?: string;
  readonly access: Access;
  readonly routes: readonly Route[];
  readonly log: Log;
  names(): readonly string[];
};

/** What reaches another machine is encrypted. */
const needsTls = (at: ListenAt): boolean => 'host' in at && !/^(127\.|::1$|localhost$)/.test(at.host);
const keyOf = (at: ListenAt): string => ('path' in at ? at.path : `${at.host} ${at.port}`);

/** Under which names and addresses the page may be meant to be opened, for the certificate. */
export const ownNames = (configured: readonly string[]): string[] => [
  ...configured,
  hostname(),
  ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address.replace(/%.*$/, ''))),
];

export class AdminPage {
  readonly #server: AdminServer;
  readonly #places = new Map<string, HttpListener>();
  readonly #access: Access;
  #isOnTls = false;

  private constructor(options: PageOptions) {
    const { access, version, live, startPage, routes, names, log } = options;
    this.#access = access;
    const own = accessRoutes({ access, certificateInUse: () => this.#isOnTls });
    this.#server = new AdminServer({
      webRoot: WEB_ROOT,
      version,
      ...(startPage !== undefined && { startPage }),
      live,
      doors: access.doors,
      routes: [...own, ...routes],
      names,
      log,
    });
  }

  /** Rejects when one of the places is taken. */
  static async open(options: PageOptions, at: ListenAt): Promise<AdminPage> {
    const page = new AdminPage(options);
    try {
      await page.#server.listen({ path: join(options.dataDir, CONTROL_SOCKET) }, { trusted: true });
      await page.setPlaces([at]);
    } catch (error) {
      await page.close();
      throw error;
    }
    return page;
  }

  /** The page is answered there, and nowhere else beside the control socket. One that cannot be opened rejects, and then all is as it was. */
  async setPlaces(wanted: readonly ListenAt[]): Promise<void> {
    for (const at of wanted) if (!this.#places.has(keyOf(at))) this.#places.set(keyOf(at), await this.#listen(at));
    const keys = new Set(wanted.map(keyOf));
    for (const [key, listener] of this.#places) {
      if (keys.has(key)) continue;
      this.#places.delete(key);
      await this.#server.leave(listener);
    }
    this.#isOnTls = wanted.some(needsTls);
  }

  async #listen(at: ListenAt): Promise<HttpListener> {
    if (!needsTls(at)) return this.#server.listen(at);
    const { certificates } = this.#access;
    await this.#access.beginTls();
    certificates.onChange(() => {
      for (const listener of this.#places.values()) listener.useCertificate();
    });
    return this.#server.listen(at, { tls: () => certificates.current() });
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

import type { Access } from '#access/access.ts';
import { certificateFacts } from '#access/certificate/certificate-view.ts';
import type { AuditPage, AuditRow, CertificateView } from '../contract-access.ts';
import { type Route, route } from '../route.ts';
import { refusedOf } from './access-refused.ts';

/** What these routes ask of the house. */
export type AccessWorld = {
  readonly access: Access;
  /** The page is served over TLS somewhere. */
  certificateInUse(): boolean;
};

/** The audit log, and the certificate. */
export const recordRoutes = ({ access, certificateInUse }: AccessWorld): Route[] => {
  const { audit, certificates } = access;
  const view = async (): Promise<CertificateView> => {
    // Where TLS is not spoken none was needed until now.
    await certificates.renew();
    return {
      inUse: certificateInUse(),
      madeByBox: certificates.madeByBox,
      ...certificateFacts(certificates.current().certificate),
    };
  };
  return [
    route('GET /api/audit', 'administer', async ({ query }): Promise<AuditPage> => {
      const { rows, hasMore } = await audit.page(query);
      return { rows: rows as readonly AuditRow[], hasMore };
    }),
    route('GET /api/certificate', 'look', view),
    route(
      'PUT /api/certificate',
      'administer',
      async ({ body, note }) => {
        const refused = await certificates.useOwn(body);
        if (refused) return refusedOf(refused);
        const now = await view();
        note({ fingerprint: now.fingerprint });
        return now;
      },
      { audit: 'certificate-changed', bodyBytes: 128 * 1024 },
    ),
    route(
      'DELETE /api/certificate',
      'administer',
      async ({ note }) => {
        await certificates.makeAnew();
        const now = await view();
        note({ fingerprint: now.fingerprint });
        return now;
      },
      { audit: 'certificate-changed' },
    ),
  ];
};

import type { SchemaProblem } from '#base/schema-check.ts';

/** What no field shows by itself. `values`: defaults filled in, each right by itself. The page asks it, too. */
export function conflictsOf(values: Readonly<Record<string, unknown>>): SchemaProblem[] {
  const found: SchemaProblem[] = [];
  if (values.lan === values.wan) found.push({ path: 'wan', code: 'conflict', detail: { with: 'lan' } });
  const { port } = values.localPeer as { readonly port: number };
  if (port === values.listenPort)
    found.push({ path: 'localPeer.port', code: 'conflict', detail: { with: 'listenPort' } });
  const fleet = values.fleet as { readonly enabled: boolean; readonly port: number };
  if (fleet.enabled && [port, values.listenPort].includes(fleet.port))
    found.push({
      path: 'fleet.port',
      code: 'conflict',
      detail: { with: fleet.port === port ? 'localPeer.port' : 'listenPort' },
    });
  return found;
}

import { parseEndpoint, spelt } from '#base/endpoint.ts';
import type { AdminWorld, ExplainQuestion } from './contract.ts';

export type ExplainAnswer =
  | { readonly status: 200; readonly json: string }
  | { readonly status: 400 | 503; readonly why: string };

/** Answers `/api/explain?client=IP&endpoint=IP:PORT`; both may be left out. */
export async function explainAnswer(url: string, world: AdminWorld): Promise<ExplainAnswer> {
  const question = questionOf(new URL(url, 'http://box').searchParams);
  if (typeof question === 'string') return { status: 400, why: question };
  if (!world.explain) return { status: 503, why: 'The box steers nothing yet: see its log.' };
  return { status: 200, json: JSON.stringify(await world.explain(question)) };
}

/** What was asked, or what is wrong with it. */
function questionOf(parameters: URLSearchParams): ExplainQuestion | string {
  for (const key of parameters.keys())
    if (key !== 'client' && key !== 'endpoint') return 'Only "client" and "endpoint" can be asked for.';
  const [clientText, endpointText] = [parameters.get('client'), parameters.get('endpoint')];
  const client = clientText === null ? undefined : spelt(clientText);
  if (clientText !== null && client === undefined)
    return '"client" must be an IP address, such as 192.168.1.20 or 2001:db8::20.';
  const endpoint = endpointText === null ? undefined : parseEndpoint(endpointText);
  if (endpointText !== null && endpoint === undefined)
    return '"endpoint" must be an address and a port, such as 203.0.113.9:6881 or [2001:db8::9]:6881.';
  return { ...(client !== undefined && { client }), ...(endpoint && { endpoint }) };
}

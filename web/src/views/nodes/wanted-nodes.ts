import type { FleetNode } from '#admin/contract-fleet.ts';

export const KINDS = ['all', 'offline', 'lacking', 'failing'] as const;
export type Kind = (typeof KINDS)[number];
export const isKind = (text: string | null): text is Kind => KINDS.some((kind) => kind === text);

const isOf: Record<Kind, (node: FleetNode) => boolean> = {
  all: () => true,
  offline: ({ online }) => !online,
  lacking: ({ lacks }) => lacks > 0,
  failing: ({ failing }) => failing > 0,
};

/** Those that have every word of the text in their name, site or version. Relays first, then by name. */
export function wantedNodes(nodes: readonly FleetNode[], text: string, kind: Kind): FleetNode[] {
  const words = text.toLowerCase().split(/\s+/);
  const has = ({ name, site, version }: FleetNode): boolean => {
    const said = `${name} ${site} ${version}`.toLowerCase();
    return words.every((word) => said.includes(word));
  };
  return nodes
    .filter((node) => isOf[kind](node) && has(node))
    .sort((a, b) => (a.role === b.role ? compare(a.name, b.name) : a.role === 'relay' ? -1 : 1));
}

/** `pc-10` after `pc-9`. */
const compare = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

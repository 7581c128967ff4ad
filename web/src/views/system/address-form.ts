import type { AddressSettings } from '#admin/contract-machine.ts';
import { FORMATS } from '#base/schema-formats.ts';

/** What is entered of the box's own address. Lists: one in each line. */
export type AddressDraft = {
  readonly kind: AddressSettings['kind'];
  readonly addresses: string;
  readonly gateways: string;
  readonly dns: string;
  readonly vlan: string;
};
export type AddressField = Exclude<keyof AddressDraft, 'kind'>;
export type AddressTrouble = { readonly field: AddressField; readonly code: string; readonly entered?: string };

const MOST = { addresses: 8, gateways: 2, dns: 4 } as const;

export function addressDraft(settings: AddressSettings): AddressDraft {
  const empty = { addresses: '', gateways: '', dns: '', vlan: '' };
  if (settings.kind === 'none') return { kind: 'none', ...empty };
  const vlan = settings.vlan === undefined ? '' : String(settings.vlan);
  if (settings.kind === 'dhcp') return { kind: 'dhcp', ...empty, vlan };
  const { addresses, gateways, dns } = settings;
  return {
    kind: 'static',
    addresses: addresses.join('\n'),
    gateways: gateways.join('\n'),
    dns: dns.join('\n'),
    vlan,
  };
}

export const listed = (text: string): string[] => text.split(/[\s,;，；、]+/).filter((one) => one !== '');

const is = (format: string, text: string): boolean => FORMATS[format]?.(text) ?? false;
/** An address with its length: without it nobody knows what is near. */
const isWithLength = (text: string): boolean => text.includes('/') && is('network', text);

export function addressTroubles(draft: AddressDraft): AddressTrouble[] {
  const found: AddressTrouble[] = [];
  if (draft.kind === 'none') return found;
  if (draft.kind === 'static') {
    const addresses = listed(draft.addresses);
    if (addresses.length === 0) found.push({ field: 'addresses', code: 'missing' });
    for (const [field, check] of [
      ['addresses', isWithLength],
      ['gateways', (text: string) => is('address', text)],
      ['dns', (text: string) => is('address', text)],
    ] as const) {
      const all = listed(draft[field]);
      if (all.length > MOST[field]) found.push({ field, code: 'too-many' });
      const wrong = all.find((one) => !check(one));
      if (wrong !== undefined)
        found.push({ field, code: field === 'addresses' ? 'no-length' : 'wrong-format', entered: wrong });
    }
  }
  if (draft.vlan.trim() !== '' && vlanOf(draft.vlan) === undefined) found.push({ field: 'vlan', code: 'vlan' });
  return found;
}

function vlanOf(text: string): number | undefined {
  const n = Number(text.trim());
  return text.trim() !== '' && Number.isInteger(n) && n >= 1 && n <= 4094 ? n : undefined;
}

/** To be sent; only of a draft without trouble. */
export function addressOf(draft: AddressDraft): AddressSettings {
  if (draft.kind === 'none') return { kind: 'none' };
  const vlan = vlanOf(draft.vlan);
  const tagged = vlan === undefined ? {} : { vlan };
  if (draft.kind === 'dhcp') return { kind: 'dhcp', ...tagged };
  const { addresses, gateways, dns } = draft;
  return { kind: 'static', addresses: listed(addresses), gateways: listed(gateways), dns: listed(dns), ...tagged };
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AddressSettings } from '#admin/contract-machine.ts';
import { type AddressDraft, addressDraft, addressOf, addressTroubles } from './address-form.ts';

const fixed: AddressSettings = {
  kind: 'static',
  addresses: ['192.0.2.9/24', '2001:db8::9/64'],
  gateways: ['192.0.2.1'],
  dns: ['192.0.2.1'],
  vlan: 12,
};
const draft: AddressDraft = addressDraft(fixed);

test('settings go through the form and come out as they were', () => {
  const all: AddressSettings[] = [fixed, { kind: 'dhcp' }, { kind: 'dhcp', vlan: 4094 }, { kind: 'none' }];
  for (const settings of all) {
    assert.deepEqual(addressOf(addressDraft(settings)), settings);
    assert.deepEqual(addressTroubles(addressDraft(settings)), []);
  }
});

test('an address without its length, a gateway that is none and a VLAN that cannot be are said at their fields', () => {
  const wrong = { ...draft, addresses: '192.0.2.9', gateways: 'router', dns: '1 2.2.2.2', vlan: '4095' };
  assert.deepEqual(addressTroubles(wrong), [
    { field: 'addresses', code: 'no-length', entered: '192.0.2.9' },
    { field: 'gateways', code: 'wrong-format', entered: 'router' },
    { field: 'dns', code: 'wrong-format', entered: '1' },
    { field: 'vlan', code: 'vlan' },
  ]);
});

test('a fixed address is needed, and no more than fit', () => {
  assert.deepEqual(addressTroubles({ ...draft, addresses: ' ' }), [{ field: 'addresses', code: 'missing' }]);
  const three = { ...draft, gateways: '192.0.2.1 192.0.2.2 192.0.2.3' };
  assert.deepEqual(addressTroubles(three), [{ field: 'gateways', code: 'too-many' }]);
});

test('what does not belong to the kind is neither checked nor sent', () => {
  const other = { ...draft, kind: 'dhcp', addresses: 'x', vlan: '' } as const;
  assert.deepEqual(addressTroubles(other), []);
  assert.deepEqual(addressOf(other), { kind: 'dhcp' });
});

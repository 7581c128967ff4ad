import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceNumber } from './device-number.ts';

test('a device number is split as makedev(3) joins it', () => {
  assert.equal(deviceNumber(0x0801), '8:1');
  // The kernel's largest: twelve bits of major, twenty of minor, of which the upper twelve lie above the major.
  assert.equal(deviceNumber(0xfff_fff_ff), '4095:1048575');
  assert.equal(deviceNumber(0xabc_103_de), '259:703710');
  assert.equal(deviceNumber(0), '0:0');
});

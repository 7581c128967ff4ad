/**
 * What a `format` of the box's own schemas means. Plain text checks without any module of Node, since the page makes them as well.
 */
import { minutesOf } from './hours.ts';
import type { Formats } from './schema-check.ts';

const isDecimalByte = (text: string): boolean => /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= 255;

export function isIPv4Text(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every(isDecimalByte);
}

/** RFC 4291 section 2.2; without a zone. */
export function isIPv6Text(text: string): boolean {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const lastHalf = groups[groups.length - 1];
  const last = lastHalf?.[lastHalf.length - 1];
  const dotted = last?.includes('.') ?? false;
  if (dotted && !isIPv4Text(last as string)) return false;
  const hex = groups.flat().slice(0, dotted ? -1 : undefined);
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const count = hex.length + (dotted ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}

/** An address, or a network in CIDR notation. The words go into kernel rules, so they are held to what an address is. */
function isNetwork(text: string): boolean {
  const [, ip = '', bits = '0'] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (isIPv4Text(ip)) return Number(bits) <= 32;
  return isIPv6Text(ip) && Number(bits) <= 128;
}

/** RFC 1123 section 2.1; an address in figures is no name. */
const isHostName = (text: string): boolean =>
  text.length <= 253 &&
  // No look-behind: the page runs this in browsers that do not know it.
  text
    .replace(/\.$/, '')
    .split('.')
    .every((label) => /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(label)) &&
  !/^[\d.]+$/.test(text);

const isHost = (text: string): boolean => isIPv4Text(text) || isIPv6Text(text) || isHostName(text);

function isHostPort(text: string): boolean {
  const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return bracketed === undefined ? isHost(plain as string) : isIPv6Text(bracketed);
}

/** The kernel's limit of a path is 4,096 bytes. */
const isAbsolutePath = (text: string): boolean => text.startsWith('/') && text.length < 4_096 && !text.includes('\0');

export const FORMATS: Formats = {
  'time-of-day': (text) => minutesOf(text) !== undefined,
  network: isNetwork,
  address: (text) => isIPv4Text(text) || isIPv6Text(text),
  host: isHost,
  'host-name': isHostName,
  'host-port': isHostPort,
  /** The name goes into kernel rules, so it is held to what an interface is ever called. */
  interface: (text) => /^[A-Za-z0-9._-]{1,15}$/.test(text) && text !== '.' && text !== '..',
  'absolute-path': isAbsolutePath,
  /** Of a node or a site of a fleet: it is part of names at the broker. */
  'fleet-name': (text) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(text),
  /** An Ed25519 key as one line of base64 (RFC 8410: what a PEM file has between its first and last line), or such a file. */
  'public-key': (text) => /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/.test(text) || isAbsolutePath(text),
  /** 40 hex digits, or the 64 of a v2 torrent (BEP 52). */
  'info-hash': (text) => /^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(text),
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '#base/fixtures.ts';
import { octetCounted, type SyslogLine, syslogMessage } from './rfc5424.ts';

const SENDER = { host: 'box-1', app: 'swarmbox', pid: 77 };
const line = (some: Partial<SyslogLine> = {}): SyslogLine => ({
  facility: 'daemon',
  severity: 'info',
  atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  event: 'ready',
  text: 'hello',
  ...some,
});

/** RFC 5424 section 6, without structured data; the text after the BOM. */
const FORM =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - \ufeff(.*)$/su;

test('a message has the form of RFC 5424', () => {
  const said = syslogMessage(line({ text: '{"why":"磁盘已满"}' }), SENDER, 2_048);
  assert.equal(said.toString(), '<30>1 2026-01-02T03:04:05.678Z box-1 swarmbox 77 ready - \ufeff{"why":"磁盘已满"}');
  const audit = syslogMessage(line({ facility: 'audit', severity: 'notice', event: 'signed in 登' }), SENDER, 2_048);
  assert.match(audit.toString(), /^<109>1 \S+ box-1 swarmbox 77 signed-in-- - /);
  assert.equal(octetCounted(said).toString(), `${said.length} ${said}`);
});

test('whatever is said, and wherever it is cut: the form holds, the length too, and no character is torn', () => {
  const any = fc.string({ unit: anyCharacter, maxLength: 400 });
  fc.assert(
    fc.property(any, any, any, fc.integer({ min: 500, max: 900 }), (event, text, host, max) => {
      const said = syslogMessage(line({ event, text }), { ...SENDER, host }, max);
      assert.ok(said.length <= max);
      const parts = FORM.exec(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(said));
      assert.ok(parts);
      const got = parts[7] as string;
      const whole = text.toWellFormed().replace(/[\r\n]+/g, ' ');
      if (got !== whole) assert.ok(got.endsWith('…') && whole.startsWith(got.slice(0, -1)));
    }),
  );
});

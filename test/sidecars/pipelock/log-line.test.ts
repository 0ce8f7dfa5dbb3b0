import { expect, test } from 'vitest';
import { parsePipelockLine } from '../../../src/sidecars/pipelock/log-line.ts';

/** Lines as pipelock 2.3.0 printed them, request by request. */
const RECORDED = {
  startup:
    '{"level":"info","component":"pipelock","event":"startup","listen":"127.0.0.1:18888","mode":"strict","version":"2.3.0","config_hash":"a7188ea67278a5b5923b2b08b021f908e15295f10a2b9264710b421c1f70d967","time":"2026-11-21T12:32:15Z","message":"pipelock started"}',
  reload:
    '{"level":"info","component":"pipelock","event":"config_reload","status":"success","detail":"mode=strict","config_hash":"c7f11ec7d99ac99f02b2b188d87c2e3faeeff94cc2bf49dc7912731873bdf665","time":"2026-11-21T12:29:33Z","message":"configuration reloaded"}',
  refused:
    '{"level":"error","component":"pipelock","event":"error","method":"CONFIG_RELOAD","resource":"pipelock.yaml","error":"rejected: security downgrade from strict mode","time":"2026-11-21T12:29:33Z","message":"request error"}',
  connect:
    '{"level":"warn","component":"pipelock","event":"blocked","method":"CONNECT","target":"evil.test:443","client_ip":"127.0.0.1","request_id":"req-3","scanner":"allowlist","reason":"domain not in allowlist: evil.test","agent":"anonymous","mitre_technique":"T1071.001","time":"2026-11-21T12:32:16Z","message":"request blocked"}',
  get: '{"level":"warn","component":"pipelock","event":"blocked","method":"GET","url":"http://evil.test/x","client_ip":"127.0.0.1","request_id":"req-2","scanner":"allowlist","reason":"domain not in allowlist: evil.test","agent":"anonymous","mitre_technique":"T1071.001","time":"2026-11-21T12:32:16Z","message":"request blocked"}',
  body: '{"level":"warn","component":"pipelock","event":"body_dlp","method":"POST","url":"http://localhost:8899/","action":"block","client_ip":"127.0.0.1","request_id":"req-4","agent":"anonymous","match_count":2,"patterns":["AWS Access ID","GitHub Token"],"mitre_technique":"T1048","time":"2026-11-21T12:32:16Z","message":"request body DLP scan hit"}',
  shutdown:
    '{"level":"info","component":"pipelock","event":"shutdown","reason":"signal received","time":"2026-11-21T12:32:16Z","message":"pipelock stopping"}',
};

test('a start names the version and the hash of the file', () => {
  expect(parsePipelockLine(RECORDED.startup)).toEqual({
    kind: 'started',
    version: '2.3.0',
    configHash: 'a7188ea67278a5b5923b2b08b021f908e15295f10a2b9264710b421c1f70d967',
  });
});

test('a reload is in force with its hash, or was refused with a reason', () => {
  expect(parsePipelockLine(RECORDED.reload)).toEqual({
    kind: 'reloaded',
    configHash: 'c7f11ec7d99ac99f02b2b188d87c2e3faeeff94cc2bf49dc7912731873bdf665',
  });
  expect(parsePipelockLine(RECORDED.refused)).toEqual({
    kind: 'reload-refused',
    reason: 'rejected: security downgrade from strict mode',
  });
});

test('what it blocked is told with its target and the part that did', () => {
  expect(parsePipelockLine(RECORDED.connect)).toEqual({
    kind: 'blocked',
    target: 'evil.test:443',
    scanner: 'allowlist',
  });
  expect(parsePipelockLine(RECORDED.get)).toMatchObject({ target: 'http://evil.test/x' });
  expect(parsePipelockLine(RECORDED.body)).toMatchObject({ kind: 'blocked', scanner: 'dlp' });
});

test.each([
  ['a line that means nothing to bb', RECORDED.shutdown],
  ['a banner', 'Pipelock v2.3.0 starting'],
  ['half a line', RECORDED.startup.slice(0, 60)],
  [
    'a line of another program',
    RECORDED.startup.replace('"component":"pipelock"', '"component":"x"'),
  ],
  ['a JSON text that is no object', '"startup"'],
])('%s is passed over', (_, line) => {
  expect(parsePipelockLine(line)).toBeNull();
});

test('a hash that is none is not believed', () => {
  const forged = RECORDED.reload.replace('c7f11ec7', 'not-hex!');
  expect(parsePipelockLine(forged)).toEqual({ kind: 'reloaded', configHash: null });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { context, didChangeConfiguration, workspaceList, workspaceRead } from '../../../sidecar/front/schemas.ts';
import { SETTING_LIMITS } from '../../../sidecar/protocol/client.ts';

const read = (chorus: unknown): unknown => didChangeConfiguration.parse({ settings: { chorus } }).settings.chorus;

describe('changed settings', () => {
  const server = { url: 'https://gpu.example/v1', model: 'large' };
  const cases: readonly {
    readonly name: string;
    readonly sent: unknown;
    readonly settings: unknown;
    readonly unusable: readonly string[];
  }[] = [
    {
      name: 'are applied as sent',
      sent: { threads: 2, server },
      settings: { threads: 2, server },
      unusable: [],
    },
    {
      name: 'lose invalid values, and no others',
      sent: { threads: 2_000, speech: { beamSize: 10, language: 'de' }, contexts: { keepOnDisk: false } },
      settings: { speech: { language: 'de' }, contexts: { keepOnDisk: false } },
      unusable: ['threads', 'speech.beamSize'],
    },
    {
      name: 'lose a server with an invalid value',
      sent: { threads: 2, server: { ...server, key: 'a\nb' } },
      settings: { threads: 2 },
      unusable: ['server'],
    },
    {
      name: 'lose a server with a missing value',
      sent: { server: { url: server.url } },
      settings: {},
      unusable: ['server'],
    },
    {
      name: 'lose a list with an invalid entry',
      sent: { downloads: { mirror: 'm', network: { noProxy: ['a', 7] } } },
      settings: { downloads: { mirror: 'm', network: {} } },
      unusable: ['downloads.network.noProxy'],
    },
    {
      name: 'lose a server whose address is too long',
      sent: { server: { ...server, url: 'u'.repeat(SETTING_LIMITS.urlUnits + 1) } },
      settings: {},
      unusable: ['server'],
    },
    {
      name: 'lose a list that is too long',
      sent: { downloads: { network: { noProxy: Array<string>(1_001).fill('a') } } },
      settings: { downloads: { network: {} } },
      unusable: ['downloads.network.noProxy'],
    },
    { name: 'are empty if they are not an object', sent: 'all', settings: {}, unusable: [''] },
  ];
  for (const { name, sent, settings, unusable } of cases)
    it(name, () => assert.deepEqual(read(sent), { settings, unusable }));

  it('keep an address and a list of the greatest length', () => {
    const longest = {
      server: { ...server, url: 'u'.repeat(SETTING_LIMITS.urlUnits) },
      downloads: { network: { noProxy: Array<string>(1_000).fill('a') } },
    };
    assert.deepEqual(read(longest), { settings: longest, unusable: [] });
  });

  it('do not change the sent object', () => {
    const sent = { threads: -1 };
    read(sent);
    assert.deepEqual(sent, { threads: -1 });
  });
});

describe('workspace messages of a client', () => {
  it('have addresses of 1 to 8,192 units', () => {
    for (const [units, isValid] of [
      [0, false],
      [1, true],
      [8_192, true],
      [8_193, false],
    ] as const)
      assert.equal(context.safeParse({ uri: 'u'.repeat(units) }).success, isValid, `${units} units`);
  });

  for (const skipped of [undefined, {}, { tooLarge: 1, binary: 2, unreadable: 3, links: 4, tooDeep: 5 }]) {
    const what = JSON.stringify(skipped);
    it(`keep the number of skipped files: ${what}`, () => {
      assert.deepEqual(workspaceList.parse({ files: [], skipped }).skipped, skipped);
      assert.deepEqual(workspaceRead.parse({ files: [], remaining: [], skipped }).skipped, skipped);
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { didChangeConfiguration, workspaceList, workspaceRead } from '../../../sidecar/front/schemas.ts';

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
    { name: 'are empty if they are not an object', sent: 'all', settings: {}, unusable: [''] },
  ];
  for (const { name, sent, settings, unusable } of cases)
    it(name, () => assert.deepEqual(read(sent), { settings, unusable }));

  it('do not change the sent object', () => {
    const sent = { threads: -1 };
    read(sent);
    assert.deepEqual(sent, { threads: -1 });
  });
});

describe('workspace messages of a client', () => {
  for (const skipped of [undefined, {}, { tooLarge: 1, binary: 2, unreadable: 3, links: 4, tooDeep: 5 }]) {
    const what = JSON.stringify(skipped);
    it(`keep the number of skipped files: ${what}`, () => {
      assert.deepEqual(workspaceList.parse({ files: [], skipped }).skipped, skipped);
      assert.deepEqual(workspaceRead.parse({ files: [], remaining: [], skipped }).skipped, skipped);
    });
  }
});

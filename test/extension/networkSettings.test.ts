import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readNetworkSettings } from '../../extension/networkSettings.ts';
import type { SettingsReader } from '../../extension/settings.ts';

function http(
  user: Readonly<Record<string, unknown>>,
  workspace: Readonly<Record<string, unknown>> = {},
): SettingsReader {
  return {
    get: (section) => workspace[section] ?? user[section],
    inspect: (section) => ({ globalValue: user[section] }),
  };
}
const plain = (settings: object): object => JSON.parse(JSON.stringify(settings)) as object;

describe('readNetworkSettings', () => {
  const cases: { readonly name: string; readonly settings: SettingsReader; readonly expected: object }[] = [
    {
      name: "verifies certificates and uses the machine's trusted ones without settings",
      settings: http({}),
      expected: { strictTls: true, systemCertificates: true },
    },
    {
      name: "returns the values of VS Code's settings",
      settings: http({
        proxy: 'http://proxy:3128',
        proxyAuthorization: 'Basic eDp5',
        noProxy: ['intranet'],
        proxyStrictSSL: false,
        systemCertificates: false,
      }),
      expected: {
        proxy: 'http://proxy:3128',
        proxyAuthorization: 'Basic eDp5',
        noProxy: ['intranet'],
        strictTls: false,
        systemCertificates: false,
      },
    },
    {
      name: 'returns an empty proxy if proxies are switched off',
      settings: http({ proxy: 'http://proxy:3128', proxySupport: 'off' }),
      expected: { proxy: '', strictTls: true, systemCertificates: true },
    },
    {
      name: 'ignores a proxy that a workspace names',
      settings: http({}, { proxy: 'http://evil:1', proxyStrictSSL: false }),
      expected: { strictTls: true, systemCertificates: true },
    },
  ];
  for (const { name, settings, expected } of cases)
    it(name, () => assert.deepEqual(plain(readNetworkSettings(settings)), expected));
});

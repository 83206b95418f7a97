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

describe('how the sidecar reaches the network', () => {
  const cases: { readonly name: string; readonly settings: SettingsReader; readonly expected: object }[] = [
    {
      name: 'without settings: certificates are verified, and the machine is asked whom it trusts',
      settings: http({}),
      expected: { strictTls: true, systemCertificates: true },
    },
    {
      name: "as VS Code's settings say",
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
      name: 'without a proxy where its use is switched off',
      settings: http({ proxy: 'http://proxy:3128', proxySupport: 'off' }),
      expected: { proxy: '', strictTls: true, systemCertificates: true },
    },
    {
      name: 'by no proxy that a workspace names',
      settings: http({}, { proxy: 'http://evil:1', proxyStrictSSL: false }),
      expected: { strictTls: true, systemCertificates: true },
    },
  ];
  for (const { name, settings, expected } of cases)
    it(name, () => assert.deepEqual(plain(readNetworkSettings(settings)), expected));
});

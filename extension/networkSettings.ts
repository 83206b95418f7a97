import type { NetworkSettings } from '../sidecar/protocol/client.ts';
import type { SettingsReader } from './settings.ts';

/**
 * How VS Code reaches the network, from its settings of the section `http`, as the user set them: a workspace chooses
 * no proxy.
 */
export function readNetworkSettings(http: SettingsReader): NetworkSettings {
  const value = (section: string): unknown => {
    const found = http.inspect(section);
    return found?.globalValue ?? found?.defaultValue;
  };
  const text = (section: string): string | undefined => {
    const found = value(section);
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const noProxy = value('noProxy');
  return {
    // Empty: none, whatever the environment says.
    proxy: value('proxySupport') === 'off' ? '' : text('proxy'),
    proxyAuthorization: text('proxyAuthorization'),
    noProxy:
      Array.isArray(noProxy) && noProxy.length > 0
        ? noProxy.filter((host): host is string => typeof host === 'string')
        : undefined,
    strictTls: value('proxyStrictSSL') !== false,
    systemCertificates: value('systemCertificates') !== false,
  };
}

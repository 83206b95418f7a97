import type { NetworkSettings } from '../sidecar/protocol/client.ts';
import type { SettingsReader } from './settings.ts';

/**
 * Returns VS Code's network settings from its section `http`. Reads only the user's values, so that a workspace cannot
 * choose a proxy.
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
    // An empty text means no proxy, whatever the environment says.
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

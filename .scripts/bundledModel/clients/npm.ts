import { execa } from 'execa';
import { FETCH_TIMEOUT_MS, type Client } from './client.ts';

export const npm: Client = {
  download: async (wanted, folder) => {
    await execa(
      'npm',
      ['pack', '--ignore-scripts', '--silent', ...wanted.map(({ name, version }) => `${name}@${version}`)],
      { cwd: folder, timeout: FETCH_TIMEOUT_MS },
    );
  },
  isArchiveOf: (file, { name, version }) => file === `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
  unpack: async (archive, folder) => {
    await execa('tar', ['-xzf', archive, '-C', folder, '--strip-components=1', '--no-same-permissions']);
  },
};

import { execa } from 'execa';
import type { CorpusPackage } from '../packages.ts';
import { FETCH_TIMEOUT_MS, type Client } from './client.ts';

export const debian: Client = {
  download: async (wanted, folder) => {
    const get = async (names: readonly string[]): Promise<unknown> =>
      execa('apt-get', ['download', '-qq', ...names], { cwd: folder, timeout: FETCH_TIMEOUT_MS });
    const listed = ({ name, version }: CorpusPackage): string => `${name}=${version}`;
    // Debian keeps a version only until the next one. Then the next version is taken, which changes little.
    await get(wanted.map(listed)).catch(async () => {
      for (const one of wanted) await get([listed(one)]).catch(() => get([one.name]));
    });
  },
  isArchiveOf: (file, { name }) => file.startsWith(`${name}_`) && file.endsWith('.deb'),
  unpack: async (archive, folder) => {
    await execa('dpkg-deb', ['-x', archive, folder]);
  },
};

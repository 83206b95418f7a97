import { execa } from 'execa';
import { findPython } from '../../fetchModel.ts';
import { FETCH_TIMEOUT_MS, type Client } from './client.ts';

/** The options that select wheels of this Python and system on every machine, so that the texts are the same. */
const WHEELS = [
  '--python-version',
  '3.13',
  '--implementation',
  'cp',
  '--platform',
  'manylinux2014_x86_64',
  '--platform',
  'manylinux_2_28_x86_64',
];

export const pypi: Client = {
  download: async (wanted, folder) => {
    const options = [
      '--no-deps',
      '--only-binary=:all:',
      ...WHEELS,
      '--quiet',
      '--disable-pip-version-check',
      '-d',
      folder,
    ];
    await execa(
      await findPython(),
      ['-m', 'pip', 'download', ...options, ...wanted.map(({ name, version }) => `${name}==${version}`)],
      { timeout: FETCH_TIMEOUT_MS },
    );
  },
  isArchiveOf: (file, { name, version }) =>
    file.endsWith('.whl') && file.toLowerCase().startsWith(`${name.toLowerCase().replace(/[-_.]+/g, '_')}-${version}-`),
  unpack: unzip,
};

/** Unpacks a wheel, or any other archive in ZIP format. */
export async function unzip(archive: string, folder: string): Promise<void> {
  await execa(await findPython(), ['-m', 'zipfile', '-e', archive, folder]);
}

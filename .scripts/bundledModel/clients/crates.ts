import { execa } from 'execa';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FETCH_TIMEOUT_MS, type Client } from './client.ts';

interface CargoMetadata {
  readonly packages: readonly { readonly name: string; readonly version: string; readonly manifest_path: string }[];
}

/**
 * Cargo cannot fetch a single crate. It fetches the dependencies of a crate, for one platform. None of them is built.
 */
export const crates: Client = {
  download: async (wanted, folder) => {
    const dependencies = wanted.map(
      ({ name, version }) => `${name} = { version = "=${version}", default-features = false }`,
    );
    const manifest = [
      '[package]',
      'name = "chorus-corpus"',
      'version = "0.0.0"',
      'edition = "2021"',
      '',
      '[dependencies]',
      ...dependencies,
      '',
    ];
    const project = path.join(folder, 'project');
    await mkdir(path.join(project, 'src'), { recursive: true });
    await writeFile(path.join(project, 'src', 'lib.rs'), '');
    await writeFile(path.join(project, 'Cargo.toml'), manifest.join('\n'));
    const options = ['--format-version', '1', '--filter-platform', 'x86_64-unknown-linux-gnu', '--quiet'];
    const { stdout } = await execa('cargo', ['metadata', ...options], { cwd: project, timeout: FETCH_TIMEOUT_MS });
    for (const { name, version, manifest_path } of (JSON.parse(stdout) as CargoMetadata).packages) {
      if (wanted.some((one) => one.name === name && one.version === version))
        await cp(path.dirname(manifest_path), path.join(folder, `${name}-${version}`), { recursive: true });
    }
  },
  isArchiveOf: (file, { name, version }) => file === `${name}-${version}`,
  unpack: (crate, folder) => cp(crate, folder, { recursive: true }),
};

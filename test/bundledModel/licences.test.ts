import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageFolder } from '../../.scripts/bundledModel/fetchPackages.ts';
import { checkLicence } from '../../.scripts/bundledModel/licences.ts';
import { readPackages, type CorpusPackage } from '../../.scripts/bundledModel/packages.ts';

const listed = (licence: string, registry: CorpusPackage['registry'] = 'npm'): CorpusPackage => ({
  registry,
  name: 'thing',
  version: '1.0.0',
  licence,
  domains: ['javascript'],
  heldOut: false,
});

describe('checkLicence', () => {
  let cache: string;
  before(async () => {
    cache = await mkdtemp(path.join(os.tmpdir(), 'licences-'));
  });
  after(() => rm(cache, { recursive: true, force: true }));

  async function npmPackage(license: unknown): Promise<void> {
    const folder = packageFolder(cache, listed('MIT'));
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ license }));
  }

  async function wheel(metadata: string): Promise<void> {
    const folder = path.join(packageFolder(cache, listed('MIT', 'pypi')), 'thing-1.0.0.dist-info');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'METADATA'), `Name: thing\n${metadata}\n\nLicense: GPL, says the description\n`);
  }

  it('accepts permissive licences that the package states too', async () => {
    await npmPackage('MIT');
    await checkLicence(listed('MIT'), cache);
    await npmPackage('(MIT OR GPL-3.0-or-later)');
    await checkLicence(listed('MIT'), cache);
    await npmPackage({ type: 'ISC' });
    await checkLicence(listed('ISC'), cache);
  });

  it('reads the metadata of old and new wheels', async () => {
    await wheel('License-Expression: Apache-2.0');
    await checkLicence(listed('Apache-2.0', 'pypi'), cache);
    await wheel('License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License');
    await checkLicence(listed('BSD-3-Clause', 'pypi'), cache);
    await wheel('License: MIT License');
    await checkLicence(listed('MIT', 'pypi'), cache);
  });

  it('reads the licence of a crate', async () => {
    const crate = listed('MIT', 'crates');
    await mkdir(packageFolder(cache, crate), { recursive: true });
    const state = (licence: string): Promise<void> =>
      writeFile(
        path.join(packageFolder(cache, crate), 'Cargo.toml'),
        `[package]\nname = "thing"\nlicense = "${licence}"\n`,
      );
    await state('Apache-2.0 OR MIT');
    await checkLicence(crate, cache);
    await state('MIT/Apache-2.0');
    await checkLicence(crate, cache);
    await state('MPL-2.0');
    await assert.rejects(checkLicence(crate, cache), /listed under MIT, but says of itself: MPL-2\.0/);
  });

  it('reads the project file of sources from Maven', async () => {
    const sources = listed('Apache-2.0', 'maven');
    await mkdir(packageFolder(cache, sources), { recursive: true });
    const state = (name: string): Promise<void> =>
      writeFile(
        path.join(packageFolder(cache, sources), 'pom.xml'),
        `<project><name>Thing</name><licenses><license>\n<name>${name}</name></license></licenses></project>`,
      );
    await state('The Apache Software License, Version 2.0');
    await checkLicence(sources, cache);
    await state('EPL-2.0');
    await assert.rejects(checkLicence(sources, cache), /says of itself: EPL-2\.0/);
  });

  it('reads the licence of most files in the copyright file of a Debian code package, and accepts Boost there', async () => {
    const code: CorpusPackage = { ...listed('BSL-1.0', 'debian'), domains: ['cpp'] };
    const folder = path.join(packageFolder(cache, code), 'usr/share/doc/thing');
    await mkdir(folder, { recursive: true });
    const state = (licence: string): Promise<void> =>
      writeFile(
        path.join(folder, 'copyright'),
        `Format: 1.0\n\nFiles: debian/*\nLicense: GPL-2+\n\nFiles: *\nCopyright: Somebody\nLicense: ${licence}\n Words.\n`,
      );
    await state('BSL-1.0');
    await checkLicence(code, cache);
    await state('GPL-3+');
    await assert.rejects(checkLicence(code, cache), /says of itself: GPL-3\+/);
    await state('Expat');
    await checkLicence({ ...code, licence: 'MIT' }, cache);
    await assert.rejects(checkLicence({ ...listed('BSL-1.0'), domains: ['cpp'] }, cache), /none of MIT/);
  });

  it('refuses a licence that differs from the listed one, and names both', async () => {
    await npmPackage('GPL-3.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /listed under MIT, but says of itself: GPL-3.0/);
    await npmPackage(undefined);
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: none/);
    await npmPackage('MIT AND GPL-2.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /MIT AND GPL-2.0/);
  });

  it('requires all licences joined by AND to be allowed, in any order', async () => {
    await npmPackage('MIT AND MPL-2.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: MIT AND MPL-2\.0/);
    await assert.rejects(checkLicence(listed('MIT AND MPL-2.0'), cache), /none of MIT/);
    await npmPackage('MIT AND ISC');
    await checkLicence(listed('ISC AND MIT'), cache);
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: MIT AND ISC/);
  });

  it('refuses a listed licence that does not allow training', async () => {
    await npmPackage('GPL-3.0');
    await assert.rejects(checkLicence(listed('GPL-3.0'), cache), /none of MIT/);
  });
});

describe('packages.json', () => {
  it('lists each package once with an exact version, and holds out some packages of each language', async () => {
    const packages = await readPackages();
    for (const { name, version, licence } of packages) assert.match(`${version} ${licence}`, /^\d[\w.+:~-]* \S/, name);
    for (const domain of ['typescript', 'javascript', 'python', 'go', 'rust', 'java'] as const)
      assert.ok(packages.filter(({ domains, heldOut }) => heldOut && domains.includes(domain)).length >= 5, domain);
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { packageFolder } from '../../.scripts/bundledModel/fetchPackages.ts';
import { checkLicence } from '../../.scripts/bundledModel/licences.ts';
import { readPackages, type CorpusPackage } from '../../.scripts/bundledModel/packages.ts';

const listed = (licence: string, registry: CorpusPackage['registry'] = 'npm'): CorpusPackage => ({ registry, name: 'thing', version: '1.0.0', licence, domains: ['javascript'], heldOut: false });

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

  it('lets permissive licences pass that the package states too', async () => {
    await npmPackage('MIT');
    await checkLicence(listed('MIT'), cache);
    await npmPackage('(MIT OR GPL-3.0-or-later)');
    await checkLicence(listed('MIT'), cache);
    await npmPackage({ type: 'ISC' });
    await checkLicence(listed('ISC'), cache);
  });

  it('reads the metadata of wheels, old and new', async () => {
    await wheel('License-Expression: Apache-2.0');
    await checkLicence(listed('Apache-2.0', 'pypi'), cache);
    await wheel('License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License');
    await checkLicence(listed('BSD-3-Clause', 'pypi'), cache);
    await wheel('License: MIT License');
    await checkLicence(listed('MIT', 'pypi'), cache);
  });

  it('refuses another licence than the listed one, and says both', async () => {
    await npmPackage('GPL-3.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /listed under MIT, but says of itself: GPL-3.0/);
    await npmPackage(undefined);
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: none/);
    await npmPackage('MIT AND GPL-2.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /MIT AND GPL-2.0/);
  });

  it('wants all licences that AND joins to be allowed, in whatever order', async () => {
    await npmPackage('MIT AND MPL-2.0');
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: MIT AND MPL-2\.0/);
    await assert.rejects(checkLicence(listed('MIT AND MPL-2.0'), cache), /none of MIT/);
    await npmPackage('MIT AND ISC');
    await checkLicence(listed('ISC AND MIT'), cache);
    await assert.rejects(checkLicence(listed('MIT'), cache), /says of itself: MIT AND ISC/);
  });

  it('refuses a listed licence that does not allow it', async () => {
    await npmPackage('GPL-3.0');
    await assert.rejects(checkLicence(listed('GPL-3.0'), cache), /none of MIT/);
  });
});

describe('packages.json', () => {
  it('lists each package once, with an exact version, and holds some of each language out', async () => {
    const packages = await readPackages();
    for (const { name, version, licence } of packages) assert.match(`${version} ${licence}`, /^\d[\w.+:~-]* \S/, name);
    for (const domain of ['typescript', 'javascript', 'python'] as const) assert.ok(packages.filter(({ domains, heldOut }) => heldOut && domains.includes(domain)).length >= 5, domain);
  });
});

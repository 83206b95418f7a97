import assert from 'node:assert/strict';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { CudaAddOnError, installCudaAddOn, installedCudaPackages, type CudaCatalogue, type CudaPackage } from '../../../sidecar/store/cudaAddOn.ts';
import { useCudaAddOn } from '../../../sidecar/store/cudaAddOnHook.ts';
import { findCudaRuntime } from '../../../sidecar/store/cudaRuntime.ts';

let server: Server;
let origin: string;
let served: string;
let home: string;
let catalogue: CudaCatalogue;

before(async () => {
  served = await mkdtemp(path.join(os.tmpdir(), 'chorus-cuda-served-'));
  server = createServer((request, response) => {
    void readFile(path.join(served, path.basename(request.url ?? ''))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  catalogue = { version: '1.2.3', packages: [await pack('test-cuda'), { ...(await pack('test-cuda-ext')), upToCuda: 12 }] };
});
after(async () => {
  server.close();
  await rm(served, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'chorus-cuda-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** An npm package's archive with the entry that node-llama-cpp imports. */
async function pack(name: string): Promise<CudaPackage> {
  const folder = path.join(served, name, 'package', 'dist');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, '..', 'package.json'), JSON.stringify({ name: `@node-llama-cpp/${name}`, version: '1.2.3', type: 'module' }));
  await writeFile(path.join(folder, 'index.js'), `export const name = '${name}';`);
  const file = `${name}-1.2.3.tgz`;
  await execa('tar', ['-czf', path.join(served, file), '-C', path.join(served, name), 'package']);
  const integrity = `sha512-${createHash('sha512').update(await readFile(path.join(served, file))).digest('base64')}`;
  return { name, file, url: `${origin}/${file}`, integrity };
}

async function archive(files: readonly string[]): Promise<string> {
  const target = path.join(home, 'add-on.tar');
  await execa('tar', ['-cf', target, '-C', served, ...files]);
  return target;
}

const install = (options: { cudaVersion?: number; archive?: string; catalogue?: CudaCatalogue } = {}): Promise<void> =>
  installCudaAddOn({ catalogue, homeFolder: home, cudaVersion: 13, ...options });

describe('the CUDA add-on', () => {
  it('is downloaded, with what older CUDA runtimes need only where one is older', async () => {
    await install({ cudaVersion: 13 });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda']);
    await install({ cudaVersion: 12 });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda', 'test-cuda-ext']);
  });

  it('is taken out of an archive on a machine without a network', async () => {
    const packages = catalogue.packages.map((entry) => ({ ...entry, url: 'http://127.0.0.1:1/' }));
    await install({ archive: await archive(packages.map(({ file }) => file)), catalogue: { ...catalogue, packages } });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda']);
  });

  const refused: readonly { readonly what: string; readonly options: () => Promise<Parameters<typeof install>[0]>; readonly says: RegExp }[] = [
    { what: 'with another checksum', options: async () => ({ catalogue: changed({ integrity: 'sha512-AAAA' }) }), says: /expected sha512-AAAA: it was not installed/ },
    { what: 'that the server does not have', options: async () => ({ catalogue: changed({ url: `${origin}/gone.tgz` }) }), says: /HTTP status 404/ },
    { what: 'that can not be reached', options: async () => ({ catalogue: changed({ url: 'http://127.0.0.1:1/x.tgz' }) }), says: /can't be reached/ },
    { what: 'out of an archive for something else', options: async () => ({ archive: await archive(['test-cuda-ext-1.2.3.tgz']) }), says: /holds no test-cuda-1\.2\.3\.tgz/ },
    { what: 'out of a file that is no archive', options: async () => ({ archive: path.join(served, 'test-cuda/package/package.json') }), says: /can't be unpacked/ },
  ];
  const changed = (change: Partial<CudaPackage>): CudaCatalogue => ({ ...catalogue, packages: catalogue.packages.map((entry) => ({ ...entry, ...change })) });
  for (const { what, options, says } of refused) {
    it(`${what} is refused, and nothing of it stays`, async () => {
      await assert.rejects(install(await options()), (error) => error instanceof CudaAddOnError && says.test(error.message));
      assert.deepEqual(await readdir(path.join(home, 'cuda', '1.2.3')), []);
    });
  }

  it('replaces that of another version', async () => {
    await mkdir(path.join(home, 'cuda', '1.0.0', 'test-cuda'), { recursive: true });
    await install();
    assert.deepEqual(await readdir(path.join(home, 'cuda')), ['1.2.3']);
  });

  it('is found by the name that node-llama-cpp imports, once it is installed', async () => {
    const specifier = '@node-llama-cpp/test-cuda';
    assert.deepEqual(useCudaAddOn(home, catalogue), []);
    await assert.rejects(import(specifier));
    await install();
    assert.deepEqual(useCudaAddOn(home, catalogue), ['test-cuda']);
    assert.equal(((await import(specifier)) as { name: string }).name, 'test-cuda');
  });
});

describe("CUDA's runtime", () => {
  const search = { platform: 'linux', environment: {} } as const;
  const put = async (...names: string[]): Promise<void> => {
    for (const name of names) await writeFile(path.join(home, name), '');
  };

  it('is found with its major version, the newest first, where the driver is there too', async () => {
    await put('libcudart.so.12', 'libcublas.so.12', 'libcuda.so.1');
    assert.deepEqual(await findCudaRuntime({ ...search, folders: [home] }), { majorVersion: 12, folder: home });
    await put('libcudart.so.13', 'libcublas.so.13');
    assert.deepEqual(await findCudaRuntime({ ...search, folders: [home] }), { majorVersion: 13, folder: home });
  });

  it('does not exist on a Mac', async () => {
    await put('libcudart.so.13', 'libcublas.so.13', 'libcuda.so.1');
    assert.equal(await findCudaRuntime({ platform: 'darwin', environment: {}, folders: [home] }), undefined);
  });
});

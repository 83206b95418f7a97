import assert from 'node:assert/strict';
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { libraryFolder } from '../../../../kernels/ggml/libraries.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import {
  installedCudaPackages,
  type CudaCatalogue,
  type CudaPackage,
} from '../../../../sidecar/models/cuda/cudaAddOn.ts';
import { useCudaAddOn } from '../../../../sidecar/models/cuda/cudaAddOnHook.ts';
import { findCudaRuntime } from '../../../../sidecar/models/cuda/cudaRuntime.ts';
import { installCudaAddOn, type InstallOptions } from '../../../../sidecar/shelf/installCudaAddOn.ts';
import { cutAfter, ModelServer, stallAfter, whole, type Answer } from '../../shelf/modelServer.ts';

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
  catalogue = {
    version: '1.2.3',
    packages: [await pack('test-cuda'), { ...(await pack('test-cuda-ext')), upToCuda: 12 }],
  };
});
after(async () => {
  server.close();
  await rm(served, { recursive: true, force: true });
});
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'chorus-cuda-home-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** Makes an npm package's archive with the entry that node-llama-cpp imports. */
async function pack(name: string): Promise<CudaPackage> {
  const folder = path.join(served, name, 'package', 'dist');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, '..', 'package.json'),
    JSON.stringify({ name: `@node-llama-cpp/${name}`, version: '1.2.3', type: 'module' }),
  );
  await writeFile(path.join(folder, 'index.js'), `export const name = '${name}';`);
  const file = `${name}-1.2.3.tgz`;
  await execa('tar', ['-czf', path.join(served, file), '-C', path.join(served, name), 'package']);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(path.join(served, file)))
    .digest('base64')}`;
  return { name, file, url: `${origin}/${file}`, integrity };
}

async function archive(files: readonly string[]): Promise<string> {
  const target = path.join(home, 'add-on.tar');
  await execa('tar', ['-cf', target, '-C', served, ...files]);
  return target;
}

const install = (options: Partial<InstallOptions> = {}): Promise<void> =>
  installCudaAddOn({
    catalogue,
    homeFolder: home,
    cudaVersion: 13,
    network: { proxy: '', systemCertificates: false },
    timing: { retryMs: 1 },
    ...options,
  });

/** Serves the package for all CUDA runtimes. The answers may include failures. */
async function packageServer(...answers: readonly Answer[]): Promise<ModelServer> {
  const [{ file }] = catalogue.packages as [CudaPackage];
  const server = await ModelServer.start(await readFile(path.join(served, file)), ...answers);
  server.clientFile = path.join(home, 'cuda', '1.2.3', `${file}.part`);
  return server;
}

/** A catalogue of this package only. */
function catalogueOf({ url }: ModelServer): CudaCatalogue {
  return { ...catalogue, packages: catalogue.packages.slice(0, 1).map((entry) => ({ ...entry, url })) };
}

describe('the CUDA add-on', () => {
  it('is downloaded, with libraries for older CUDA runtimes only if needed', async () => {
    await install({ cudaVersion: 13 });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda']);
    await install({ cudaVersion: 12 });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda', 'test-cuda-ext']);
  });

  it('is installed from an archive on a machine without network', async () => {
    const packages = catalogue.packages.map((entry) => ({ ...entry, url: 'http://127.0.0.1:1/' }));
    await install({ archive: await archive(packages.map(({ file }) => file)), catalogue: { ...catalogue, packages } });
    assert.deepEqual(installedCudaPackages(home, catalogue), ['test-cuda']);
  });

  const refused: readonly {
    readonly what: string;
    readonly options: () => Promise<Parameters<typeof install>[0]>;
    readonly says: RegExp;
  }[] = [
    {
      what: 'with another checksum',
      options: async () => ({ catalogue: changed({ integrity: 'sha512-AAAA' }) }),
      says: /its checksum is another\. Nothing of it was kept\./,
    },
    {
      what: 'if the server does not have it',
      options: async () => ({ catalogue: changed({ url: `${origin}/gone.tgz` }) }),
      says: /HTTP status 404/,
    },
    {
      what: 'if the server is unreachable',
      options: async () => ({ catalogue: changed({ url: 'http://127.0.0.1:1/x.tgz' }) }),
      says: /can't be reached: .* Where there is no network, install from an archive/,
    },
    {
      what: 'from an archive with another checksum',
      options: async () => ({
        archive: await archive(['test-cuda-1.2.3.tgz']),
        catalogue: changed({ integrity: 'sha512-AAAA' }),
      }),
      says: /expected sha512-AAAA: it was not installed/,
    },
    {
      what: 'from an archive for another platform',
      options: async () => ({ archive: await archive(['test-cuda-ext-1.2.3.tgz']) }),
      says: /holds no test-cuda-1\.2\.3\.tgz/,
    },
    {
      what: 'from a file that is not an archive',
      options: async () => ({ archive: path.join(served, 'test-cuda/package/package.json') }),
      says: /can't be unpacked/,
    },
  ];
  const changed = (change: Partial<CudaPackage>): CudaCatalogue => ({
    ...catalogue,
    packages: catalogue.packages.map((entry) => ({ ...entry, ...change })),
  });
  for (const { what, options, says } of refused) {
    it(`is refused ${what}, and leaves nothing`, async () => {
      await assert.rejects(
        install(await options()),
        (error) => error instanceof TroubleError && says.test(error.message),
      );
      assert.deepEqual(await readdir(path.join(home, 'cuda', '1.2.3')), []);
    });
  }

  it('resumes after the connection was cut', async () => {
    await using server = await packageServer(cutAfter(100), whole);
    const one = catalogueOf(server);
    await install({ catalogue: one });
    assert.deepEqual(server.ranges, ['-', 'bytes=100-']);
    assert.deepEqual(await readdir(path.join(home, 'cuda', '1.2.3')), ['test-cuda']);
  });

  it('resumes a cancelled installation with the next', async () => {
    await using server = await packageServer(stallAfter(100), whole);
    const one = catalogueOf(server);
    const controller = new AbortController();
    const onProgress: InstallOptions['onProgress'] = (_name, { bytes }) => bytes >= 100 && controller.abort();
    await assert.rejects(install({ catalogue: one, onProgress, signal: controller.signal }), { name: 'AbortError' });
    await install({ catalogue: one });
    assert.deepEqual(server.ranges, ['-', 'bytes=100-']);
    assert.deepEqual(installedCudaPackages(home, one), ['test-cuda']);
  });

  it('is downloaded again if the partial download was damaged', async () => {
    await using server = await packageServer(stallAfter(100), whole);
    const one = catalogueOf(server);
    const controller = new AbortController();
    const onProgress: InstallOptions['onProgress'] = (_name, { bytes }) => bytes >= 100 && controller.abort();
    await assert.rejects(install({ catalogue: one, onProgress, signal: controller.signal }));
    await writeFile(server.clientFile ?? '', Buffer.alloc(100));
    await install({ catalogue: one });
    assert.deepEqual(server.ranges, ['-', 'bytes=100-', '-']);
    assert.deepEqual(installedCudaPackages(home, one), ['test-cuda']);
  });

  it('is downloaded through the proxy', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', ({ url = '' }, socket) => {
      asked.push(url);
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const network = { proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, systemCertificates: false };
      await assert.rejects(
        install({ network, catalogue: changed({ url: 'https://registry.invalid/x.tgz' }) }),
        /can't be reached/,
      );
      assert.ok(asked.length > 1 && asked.every((url) => url === 'registry.invalid:443'));
    } finally {
      proxy.close();
    }
  });

  it('is installed once by two concurrent installations', async () => {
    await using server = await packageServer(whole);
    const one = catalogueOf(server);
    await Promise.all([install({ catalogue: one }), install({ catalogue: one })]);
    assert.deepEqual(server.ranges, ['-']);
    assert.deepEqual(await readdir(path.join(home, 'cuda', '1.2.3')), ['test-cuda']);
  });

  it('replaces another version', async () => {
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

  const platform = { linux: 'linux', win32: 'win' }[process.platform as string];
  it(
    "gives Chorus's own engine its libraries too",
    { skip: process.arch !== 'x64' || platform === undefined ? 'there is no CUDA for this platform' : false },
    async () => {
      const name = `${platform}-x64-cuda`;
      const libraries = path.join(home, 'cuda', '1.2.3', name, 'bins', name);
      await mkdir(libraries, { recursive: true });
      const [{ file, url, integrity }] = catalogue.packages as [CudaPackage];
      useCudaAddOn(home, { ...catalogue, packages: [{ name, file, url, integrity }] });
      assert.equal(libraryFolder('cuda'), libraries);
    },
  );
});

describe("CUDA's runtime", () => {
  const search = { platform: 'linux', environment: {} } as const;
  const put = async (...names: string[]): Promise<void> => {
    for (const name of names) await writeFile(path.join(home, name), '');
  };

  it('is found with its major version, the newest first, if the driver is there too', async () => {
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

import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { NetworkSettings } from '../../../../sidecar/protocol/client.ts';
import { isAllowedUrl } from '../../../../sidecar/common/http/allowedUrl.ts';
import { HttpClient } from '../../../../sidecar/common/http/httpClient.ts';
import { mirrored } from '../../../../sidecar/common/http/mirror.ts';

const HOST = 'models.example';
let folder: string;
let certificateFile: string;
let secure: Server;
let proxy: Server;
/** What the proxy was asked for, with the password that it was told. */
let tunnels: { target: string; authorization: string | undefined }[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-tls-'));
  certificateFile = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  await execa('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${HOST}`,
    '-addext',
    `subjectAltName=DNS:${HOST},IP:127.0.0.1`,
    '-keyout',
    key,
    '-out',
    certificateFile,
  ]);
  secure = createHttpsServer(
    { key: await readFile(key), cert: await readFile(certificateFile) },
    (_request, response) => response.end('a model'),
  );
  // A tunnel to wherever is asked for leads to the one server that there is.
  proxy = createHttpServer().on('connect', (request: IncomingMessage, socket: net.Socket, head: Buffer) => {
    tunnels.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    const target = net.connect(portOf(secure), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const end of [target, socket]) end.on('error', () => undefined);
  });
  for (const server of [secure, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(() => {
  tunnels = [];
  delete process.env['NODE_EXTRA_CA_CERTS'];
});
after(async () => {
  for (const server of [secure, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function get(url: string, settings: NetworkSettings, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const client = await HttpClient.open({ systemCertificates: false, ...settings }, environment);
  try {
    const { status, body } = await client.get(url);
    return `${status} ${await body.text()}`;
  } finally {
    await client.close();
  }
}

const here = (): string => `https://127.0.0.1:${portOf(secure)}/`;
const proxyUrl = (): string => `http://127.0.0.1:${portOf(proxy)}`;

describe('certificates', () => {
  it('that nobody vouches for are refused', async () => {
    await assert.rejects(get(here(), {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it("of a company's administrators count, in the file that NODE_EXTRA_CA_CERTS names", async () => {
    process.env['NODE_EXTRA_CA_CERTS'] = certificateFile;
    assert.equal(await get(here(), {}), '200 a model');
  });

  it('are not looked at where the user wants that', async () => {
    assert.equal(await get(here(), { strictTls: false }), '200 a model');
  });
});

describe('the proxy', () => {
  const target = `https://${HOST}/m.gguf`;
  const cases: {
    readonly name: string;
    readonly settings: () => NetworkSettings;
    readonly environment?: () => NodeJS.ProcessEnv;
    readonly authorization?: string;
  }[] = [
    { name: "is the settings'", settings: () => ({ proxy: proxyUrl() }) },
    {
      name: "is the environment's where the settings name none",
      settings: () => ({}),
      environment: () => ({ HTTPS_PROXY: proxyUrl() }),
    },
    {
      name: "is the settings' where the environment has one too",
      settings: () => ({ proxy: proxyUrl() }),
      environment: () => ({ https_proxy: 'http://127.0.0.1:1' }),
    },
    {
      name: 'is told the password',
      settings: () => ({ proxy: proxyUrl(), proxyAuthorization: 'Basic eDp5' }),
      authorization: 'Basic eDp5',
    },
  ];
  for (const { name, settings, environment, authorization } of cases) {
    it(name, async () => {
      assert.equal(await get(target, { strictTls: false, ...settings() }, environment?.()), '200 a model');
      assert.deepEqual(tunnels, [{ target: `${HOST}:443`, authorization }]);
    });
  }

  it('trusts no server behind it that nobody vouches for', async () => {
    await assert.rejects(get(target, { proxy: proxyUrl() }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('is not asked for this machine, nor for hosts that are excluded', async () => {
    assert.equal(await get(here(), { proxy: proxyUrl(), strictTls: false }), '200 a model');
    await assert.rejects(get('https://excluded.invalid/', { proxy: proxyUrl(), noProxy: ['excluded.invalid'] }));
    assert.deepEqual(tunnels, []);
  });

  it('is not asked where it is switched off', async () => {
    await assert.rejects(get('https://excluded.invalid/', { proxy: '' }, { HTTPS_PROXY: proxyUrl() }));
    assert.deepEqual(tunnels, []);
  });
});

describe('URLs', () => {
  const cases: readonly [url: string, isAllowed: boolean][] = [
    ['https://huggingface.co/x', true],
    ['http://localhost:8080/x', true],
    ['http://127.0.0.1/x', true],
    ['http://[::1]:1/x', true],
    ['http://huggingface.co/x', false],
    ['http://localhost.example/x', false],
    ['http://127.0.0.1.example/x', false],
    ['file:///x', false],
    ['ftp://x/y', false],
    ['https://user@x/y', false],
    ['https://:secret@x/y', false],
    ['x', false],
    ['', false],
  ];
  for (const [url, isAllowed] of cases)
    it(`${url || '(empty)'} ${isAllowed ? 'may' : 'may not'} be asked`, () =>
      assert.equal(isAllowedUrl(url), isAllowed));

  it("of Hugging Face lead to the mirror, others don't", () => {
    assert.equal(
      mirrored('https://huggingface.co/a/b/resolve/main/c.gguf', 'https://mirror.example/hf/'),
      'https://mirror.example/hf/a/b/resolve/main/c.gguf',
    );
    assert.equal(mirrored('https://files.example/c.gguf', 'https://mirror.example'), 'https://files.example/c.gguf');
    assert.equal(mirrored('https://huggingface.co/a', undefined), 'https://huggingface.co/a');
  });
});

describe('a redirect', () => {
  /** Where a server that a name stands for sends on to, by names that all are this machine. */
  async function follow(location: (port: number) => string, chosen: string): Promise<string> {
    const redirecting = createHttpsServer(
      { key: await readFile(path.join(folder, 'key.pem')), cert: await readFile(certificateFile) },
      (request, response) =>
        request.url === '/end'
          ? void response.end('here')
          : void response.writeHead(302, { location: location(portOf(redirecting)) }).end(),
    );
    await once(redirecting.listen(0, '127.0.0.1'), 'listening');
    const client = await HttpClient.open(
      { systemCertificates: false, strictTls: false },
      {},
      (_name, _options, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }]),
    );
    try {
      const { body } = await client.get(`https://${chosen}:${portOf(redirecting)}/`);
      return await body.text();
    } finally {
      await client.close();
      redirecting.closeAllConnections();
      redirecting.close();
    }
  }

  it('to this machine is followed from this machine', async () =>
    assert.equal(await follow((port) => `https://[::ffff:127.0.0.1]:${port}/end`, '127.0.0.1'), 'here'));
  it('to another path of the name that was asked for is followed, wherever that leads', async () =>
    assert.equal(await follow(() => '/end', HOST), 'here'));

  for (const host of [
    '0.0.0.0',
    '[::]',
    '[::ffff:127.0.0.1]',
    '127.0.0.1',
    '2130706433',
    'localhost.',
    'any.localhost',
  ]) {
    it(`to ${host} is not followed from elsewhere`, () =>
      assert.rejects(
        follow((port) => `https://${host}:${port}/end`, HOST),
        { name: 'HttpRefusalError', message: /which is this machine/ },
      ));
  }

  it('to a name that means this machine is not followed from elsewhere', () =>
    assert.rejects(
      follow((port) => `https://rebound.example:${port}/end`, HOST),
      { name: 'HttpRefusalError', message: 'A redirect leads to rebound.example, which is this machine' },
    ));
});

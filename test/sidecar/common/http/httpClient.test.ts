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
/** The targets that the proxy was asked for, with the credentials that it received. */
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
  // Every tunnel leads to the one server of this test.
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
  it('are refused if no authority signed them', async () => {
    await assert.rejects(get(here(), {}), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('are trusted if NODE_EXTRA_CA_CERTS names their file', async () => {
    process.env['NODE_EXTRA_CA_CERTS'] = certificateFile;
    assert.equal(await get(here(), {}), '200 a model');
  });

  it('are not checked if the user switched checks off', async () => {
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
    { name: 'is the proxy of the settings', settings: () => ({ proxy: proxyUrl() }) },
    {
      name: 'is the proxy of the environment if the settings name none',
      settings: () => ({}),
      environment: () => ({ HTTPS_PROXY: proxyUrl() }),
    },
    {
      name: 'is the proxy of the settings even if the environment names another',
      settings: () => ({ proxy: proxyUrl() }),
      environment: () => ({ https_proxy: 'http://127.0.0.1:1' }),
    },
    {
      name: 'receives the credentials',
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

  it('does not make an unsigned certificate trusted', async () => {
    await assert.rejects(get(target, { proxy: proxyUrl() }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('is not used for this machine and for excluded hosts', async () => {
    assert.equal(await get(here(), { proxy: proxyUrl(), strictTls: false }), '200 a model');
    await assert.rejects(get('https://excluded.invalid/', { proxy: proxyUrl(), noProxy: ['excluded.invalid'] }));
    assert.deepEqual(tunnels, []);
  });

  it('is not used if it is switched off', async () => {
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
    it(`${url || '(empty)'} ${isAllowed ? 'is' : 'is not'} allowed`, () => assert.equal(isAllowedUrl(url), isAllowed));

  it('lead to the mirror only if they are of Hugging Face', () => {
    assert.equal(
      mirrored('https://huggingface.co/a/b/resolve/main/c.gguf', 'https://mirror.example/hf/'),
      'https://mirror.example/hf/a/b/resolve/main/c.gguf',
    );
    assert.equal(mirrored('https://files.example/c.gguf', 'https://mirror.example'), 'https://files.example/c.gguf');
    assert.equal(mirrored('https://huggingface.co/a', undefined), 'https://huggingface.co/a');
  });
});

describe('a redirect', () => {
  it('is the last of at most ten', async () => {
    const server = createHttpServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end('here');
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = await HttpClient.open({ systemCertificates: false }, {});
    const follow = async (redirects: number): Promise<string> => {
      const { body } = await client.get(`http://127.0.0.1:${portOf(server)}/${redirects}`);
      return body.text();
    };
    try {
      assert.equal(await follow(10), 'here');
      await assert.rejects(follow(11), { name: 'HttpRefusalError', message: /without an end \(10 redirects\)/ });
    } finally {
      await client.close();
      server.closeAllConnections();
      server.close();
    }
  });

  /** Follows a redirect of the host `chosen`. Every host name resolves to this machine. */
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
  it('to another path of the same host is followed, even if that host is this machine', async () =>
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
    it(`to ${host} is not followed from another host`, () =>
      assert.rejects(
        follow((port) => `https://${host}:${port}/end`, HOST),
        { name: 'HttpRefusalError', message: /which is this machine/ },
      ));
  }

  it('to a name that resolves to this machine is not followed from another host', () =>
    assert.rejects(
      follow((port) => `https://rebound.example:${port}/end`, HOST),
      { name: 'HttpRefusalError', message: 'A redirect leads to rebound.example, which is this machine' },
    ));
});

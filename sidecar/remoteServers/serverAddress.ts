import { BlockList, isIP } from 'node:net';
import { TroubleError } from '../common/troubleError.ts';
import { bareAddress, isIn, isThisMachine } from '../common/http/loopback.ts';

const MAX_URL_UNITS = 2048;

/** The addresses of this machine and of private networks (RFC 1918, 3927, 4193, 4291, 6598). */
const localNetwork = new BlockList();
for (const [address, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  localNetwork.addSubnet(address, bits);
for (const [address, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  localNetwork.addSubnet(address, bits, 'ipv6');

/** The base URL of a server's API ("https://gpu.example.com/v1/") and the server's name. */
export interface ServerAddress {
  /** Ends with a slash. */
  readonly base: URL;
  /** Name and port, for people. */
  readonly host: string;
  /** Whether data sent there stays on this machine. */
  readonly isThisMachine: boolean;
}

/**
 * Parses the address of an OpenAI-compatible server, with or without `/v1`. Throws `TroubleError` 'invalid-input' for
 * all protocols but `https:` and `http:`, and for addresses with a user name, password, query or fragment.
 */
export function parseServerAddress(text: string): ServerAddress {
  const written = text.trim();
  if (written.length > MAX_URL_UNITS)
    throw refused(`The address of the server has ${written.length} characters, at most ${MAX_URL_UNITS} are expected.`);
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refused(
      `The address of the server is ${JSON.stringify(written.slice(0, 100))}, expected one that begins with https:// or http://, such as https://gpu.example.com:8000/v1.`,
    );
  }
  if (url.username !== '' || url.password !== '')
    throw refused(
      `The address of the server on ${url.host} holds a user name or a password. Leave them out: Chorus asks for the key separately.`,
    );
  if (url.search !== '' || url.hash !== '')
    throw refused(
      `The address of the server on ${url.host} holds a query or a fragment. Leave out the part from "?" or "#" on.`,
    );
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(chat\/completions|completions|models)$/, '');
  const base = new URL(`${path === '' ? '/v1' : path}/`, url);
  return { base, host: url.host, isThisMachine: isThisMachine(url.hostname) };
}

/**
 * Refuses to send code unencrypted over a public network. Throws `TroubleError` 'invalid-input' if the address is
 * `http:` with a public IP address. A host name is checked when it is resolved (`privateNetwork.ts`).
 */
export function checkIsPrivate({ base }: ServerAddress): void {
  if (base.protocol === 'http:' && isIP(bareAddress(base.hostname)) !== 0 && !isPrivate(base.hostname))
    throw publicRefusal(base.host);
}

/** Whether an IP address belongs to this machine or a private network. */
export function isPrivate(address: string): boolean {
  return isIn(localNetwork, address);
}

/** Returns the error for sending code to `host`. */
export function publicRefusal(host: string): TroubleError {
  return refused(
    `${host} is on a public network, and http:// would send code there unencrypted. Use https://, or allow it by the setting "chorus.server.allowHttp".`,
  );
}

function refused(message: string): TroubleError {
  return new TroubleError('invalid-input', message);
}

import { MAX_TIMER_MS } from '../common/maxTimer.ts';

/** When a sidecar leaves by itself. */
export interface LifetimeOptions {
  /** After the last client has been gone this long. */
  readonly lingerMs: number;
  /** When no client has come at all after this long. */
  readonly firstClientTimeoutMs: number;
  readonly leave: () => void;
}

const DEFAULT_LINGER_MS = 60_000;
const FIRST_CLIENT_TIMEOUT_MS = 20_000;

/**
 * The linger of this platform: none on Windows, whose updater waits for files in use. `CHORUS_LINGER_MS` overrides it.
 */
export function lifetimeDefaults(env: NodeJS.ProcessEnv = process.env): Omit<LifetimeOptions, 'leave'> {
  const named = Number(env['CHORUS_LINGER_MS']);
  const lingerMs =
    env['CHORUS_LINGER_MS'] !== undefined && named >= 0 ? named : process.platform === 'win32' ? 0 : DEFAULT_LINGER_MS;
  return { lingerMs, firstClientTimeoutMs: FIRST_CLIENT_TIMEOUT_MS };
}

/** Decides that the sidecar leaves: a while after its last client, or when none ever comes. */
export class Lifetime {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LifetimeOptions) {}

  /** Begins to wait for the first client. */
  start(): void {
    this.#leaveAfter(this.options.firstClientTimeoutMs);
  }

  clientCountChanged(count: number): void {
    clearTimeout(this.#timer);
    if (count === 0) this.#leaveAfter(this.options.lingerMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #leaveAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.options.leave, Math.min(MAX_TIMER_MS, delayMs));
  }
}

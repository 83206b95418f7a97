import { MAX_TIMER_MS } from '../common/maxTimer.ts';

/** When a sidecar leaves on its own. */
export interface LifetimeOptions {
  /** How long the sidecar stays after its last client has left. */
  readonly lingerMs: number;
  /** How long the sidecar waits for its first client. */
  readonly firstClientTimeoutMs: number;
  readonly leave: () => void;
}

const DEFAULT_LINGER_MS = 60_000;
const FIRST_CLIENT_TIMEOUT_MS = 20_000;

/**
 * Returns this platform's defaults. On Windows the sidecar leaves at once, since the updater waits for files in use.
 * `CHORUS_LINGER_MS` overrides the delay.
 */
export function lifetimeDefaults(env: NodeJS.ProcessEnv = process.env): Omit<LifetimeOptions, 'leave'> {
  const named = Number(env['CHORUS_LINGER_MS']);
  const lingerMs =
    env['CHORUS_LINGER_MS'] !== undefined && named >= 0 ? named : process.platform === 'win32' ? 0 : DEFAULT_LINGER_MS;
  return { lingerMs, firstClientTimeoutMs: FIRST_CLIENT_TIMEOUT_MS };
}

/** Ends the sidecar a while after its last client has left, or when no client ever connects. */
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

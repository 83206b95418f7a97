import {
  CONFIGURATION_NOTIFICATION,
  LOAD_REQUEST,
  SERVER_MODELS_REQUEST,
  STATUS_REQUEST,
  type ChorusSettings,
  type CompletionSettings,
  type ServerModelsParams,
  type ServerSettings,
  type SidecarStatus,
} from '../protocol/client.ts';
import { assertAdapters } from './assertAdapters.ts';
import { assertCache } from './assertCache.ts';
import { InterruptedError, UsageError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import type { ServerChoice } from './options.ts';
import { ProgressBar } from './progressBar.ts';
import { Session } from './session.ts';
import { ServerStandInNotice } from './serverStandInNotice.ts';

/** The tools of a command's work: a sidecar with a loaded model, and the signal that Ctrl-C aborts. */
export interface Work {
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** Settings of this session only, with a shared or an own sidecar. */
export interface OwnSettings {
  /** The server that answers in place of the model on this machine. */
  readonly server?: ServerChoice;
  readonly completion?: CompletionSettings;
}

/**
 * Runs work with a session: connects, loads the model behind a progress bar, cancels on Ctrl-C, and always cleans up.
 */
export async function withSession<Result>(
  settings: ChorusSettings | undefined,
  work: (work: Work) => Promise<Result>,
  own: OwnSettings = {},
): Promise<Result> {
  const interrupt = onInterrupt();
  const session = await Session.open(settings);
  try {
    await configure(session, own);
    await loadModel(session, settings, interrupt.signal);
    const result = await work({ session, signal: interrupt.signal });
    if (own.server) new ServerStandInNotice().tell(await sidecarStatus(session));
    if (interrupt.signal.aborted) throw new InterruptedError();
    return result;
  } catch (error) {
    if (interrupt.signal.aborted) throw new InterruptedError('Interrupted', { cause: error });
    throw error;
  } finally {
    interrupt.dispose();
    await session.close();
  }
}

/** Sends the sidecar the settings of this session. Rejects with `UsageError` for a server without a model. */
export async function configure(session: Session, { server, completion }: OwnSettings): Promise<void> {
  if (server === undefined && completion === undefined) return;
  const settings: ChorusSettings = { completion, server: server && (await serverSettings(session, server)) };
  await session.notify(CONFIGURATION_NOTIFICATION, { settings: { chorus: settings } });
}

async function serverSettings(session: Session, { url, model, key }: ServerChoice): Promise<ServerSettings> {
  const access: ServerModelsParams = { url, ...(key ? { key } : {}) };
  const chosen = model ?? (await session.request(SERVER_MODELS_REQUEST, access))[0]?.id;
  if (chosen === undefined) throw new UsageError(`${url} lists no model: name one with --server-model`);
  return { ...access, model: chosen };
}

/**
 * Waits until the model is loaded by `settings`, and draws the progress. Rejects with `TroubleError` if it cannot have
 * their cache or adapters.
 */
export async function loadModel(
  session: Session,
  settings: ChorusSettings | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const bar = new ProgressBar();
  session.onStatus = (status) => {
    if (status.state === 'loading') bar.update(`Loading ${status.modelPath ?? 'the model'}`, status.loadProgress ?? 0);
  };
  try {
    await session.request(LOAD_REQUEST, {}, { signal });
  } finally {
    session.onStatus = () => undefined;
    bar.clear();
  }
  if (settings?.cache === undefined && settings?.adapters === undefined) return;
  const status = await sidecarStatus(session);
  assertCache(status, settings.cache);
  assertAdapters(status, settings.adapters);
}

/** Requests the sidecar's status. */
export function sidecarStatus(session: Pick<Session, 'request'>, signal?: AbortSignal): Promise<SidecarStatus> {
  return session.request(STATUS_REQUEST, {}, { signal });
}

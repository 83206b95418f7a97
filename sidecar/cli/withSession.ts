import {
  LOAD_REQUEST,
  SERVER_MODELS_REQUEST,
  STATUS_REQUEST,
  type ChorusSettings,
  type ServerModel,
  type ServerModelsParams,
  type ServerSettings,
  type SidecarStatus,
} from '../protocol/client.ts';
import { InterruptedError, UsageError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import type { ServerChoice } from './options.ts';
import { ProgressBar } from './progressBar.ts';
import { Session } from './session.ts';
import { StandInNotice } from './standIn.ts';

/** What a command works with: a sidecar whose model is loaded, and the signal that Ctrl-C aborts. */
export interface Work {
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** Runs one request's worth of work: connects, loads the model behind a progress bar, cancels on Ctrl-C, and cleans up whatever happens. */
export async function withSession<Result>(settings: ChorusSettings | undefined, work: (work: Work) => Promise<Result>, server?: ServerChoice): Promise<Result> {
  const interrupt = onInterrupt();
  const session = await Session.open(settings);
  try {
    if (server) await useServer(session, server);
    await loadModel(session, interrupt.signal);
    const result = await work({ session, signal: interrupt.signal });
    if (server) new StandInNotice().tell(await sidecarStatus(session));
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

/** Lets a server answer what this session asks; the settings concern it alone. */
export async function useServer(session: Session, { url, model, key }: ServerChoice): Promise<void> {
  const access: ServerModelsParams = { url, ...(key ? { key } : {}) };
  const chosen = model ?? (await session.request<readonly ServerModel[]>(SERVER_MODELS_REQUEST, access))[0]?.id;
  if (chosen === undefined) throw new UsageError(`${url} lists no model: name one with --server-model`);
  const server: ServerSettings = { ...access, model: chosen };
  await session.notify('workspace/didChangeConfiguration', { settings: { chorus: { server } } });
}

/** Waits until the model is loaded and draws how far it is. */
export async function loadModel(session: Session, signal?: AbortSignal): Promise<void> {
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
}

export function sidecarStatus(session: Session): Promise<SidecarStatus> {
  return session.request<SidecarStatus>(STATUS_REQUEST, {});
}

import * as l10n from '@vscode/l10n';
import { currentLanguage } from '../../l10n/currentLanguage.ts';
import type { SidecarError, SidecarErrorCode } from '../../sidecar/common/sidecarError.ts';
import type { Trouble, TroubleCode } from '../../sidecar/protocol/client.ts';
import { withoutLinks } from '../withoutLinks.ts';
import { TroubleError } from './troubleError.ts';

/**
 * Returns a failure's message for the user. The sidecar writes English, so the interface's language gets a sentence of
 * its own before it. The message may quote foreign texts, so links in it are disabled.
 */
export function localisedMessage(error: unknown): string {
  if (error instanceof TroubleError) return localisedTrouble(error.trouble);
  if (isSidecarError(error)) return inFront(summaryOfError(error.code), error.message);
  return withoutLinks(error instanceof Error ? error.message : String(error));
}

/** Returns the message for a trouble that the sidecar reports. */
export function localisedTrouble({ code, message }: Trouble): string {
  return inFront(summaryOfTrouble(code), message);
}

function inFront(summary: string | undefined, message: string): string {
  return withoutLinks(summary === undefined || currentLanguage() === 'en' ? message : `${summary} ${message}`);
}

/** The class itself loads with the first request, not at activation. */
function isSidecarError(error: unknown): error is SidecarError {
  return error instanceof Error && error.name === 'SidecarError';
}

/** Returns `undefined` if the extension creates this error itself, in the interface's language. */
function summaryOfError(code: SidecarErrorCode): string | undefined {
  switch (code) {
    case 'start-failed':
      return l10n.t('The Chorus sidecar could not be started.');
    case 'incompatible':
      return l10n.t('An incompatible version of Chorus is already running.');
    case 'refused':
      return l10n.t('The Chorus sidecar refused the connection.');
    case 'full':
      return l10n.t('The Chorus sidecar has reached its maximum number of clients.');
    case 'not-running':
    case 'unreachable':
      return l10n.t('The Chorus sidecar does not answer.');
    case 'message-too-large':
      return l10n.t('The text is too large to be sent.');
    case 'home-unusable':
      return l10n.t("Chorus's folder cannot be used.");
    case 'crash-loop':
    case 'closed':
      return undefined;
  }
}

function summaryOfTrouble(code: TroubleCode): string {
  switch (code) {
    case 'no-model':
      return l10n.t('There is no model to load.');
    case 'no-speech-model':
      return l10n.t('There is no speech model on this machine.');
    case 'model-not-found':
      return l10n.t('The chosen model file does not exist.');
    case 'not-gguf':
      return l10n.t('The chosen file is not a GGUF model.');
    case 'truncated-model':
      return l10n.t('The model file is incomplete.');
    case 'invalid-model':
      return l10n.t('The model file is damaged.');
    case 'unsupported-model':
      return l10n.t('This kind of model is not supported.');
    case 'out-of-memory':
      return l10n.t('The model does not fit into memory.');
    case 'engine-crashed':
      return l10n.t('The engine stopped unexpectedly.');
    case 'engine-failed':
      return l10n.t('The engine failed.');
    case 'context-overflow':
      return l10n.t("The text is longer than the model's context.");
    case 'document-too-large':
      return l10n.t('The document is too large.');
    case 'invalid-input':
      return l10n.t('The request is invalid.');
    case 'no-microphone':
      return l10n.t('The microphone cannot be used.');
    case 'server-unavailable':
      return l10n.t('The server does not answer.');
    case 'server-failed':
      return l10n.t('The server failed.');
    case 'download-failed':
      return l10n.t('The model could not be downloaded.');
    case 'disk-full':
      return l10n.t('The disk is full.');
    case 'invalid-catalogue':
      return l10n.t('The catalogue of models cannot be used.');
    case 'draining':
      return l10n.t('The sidecar is being replaced.');
  }
}

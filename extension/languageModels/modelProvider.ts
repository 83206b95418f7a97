import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import {
  COUNT_TOKENS_REQUEST,
  GENERATE_REQUEST,
  type CountTokensParams,
  type GeneratePart,
} from '../../sidecar/protocol/client.ts';
import type { SidecarSession } from '../sidecar/session.ts';
import { toGenerateParams } from './generateParams.ts';
import { countableText } from './messages.ts';
import { modelInformation } from './modelInformation.ts';

/** Offers the local model in VS Code's model picker and, through `vscode.lm`, to every extension. */
export class ModelProvider implements vscode.LanguageModelChatProvider, vscode.Disposable {
  readonly #session: SidecarSession;
  readonly #didChange = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;
  #announced: string;

  readonly onDidChangeLanguageModelChatInformation = this.#didChange.event;

  constructor(session: SidecarSession) {
    this.#session = session;
    this.#announced = JSON.stringify(this.#information());
    this.#subscription = session.onDidChangeStatus(() => this.#announce());
  }

  /** Never starts the sidecar: VS Code requests the list whenever a chat opens. */
  provideLanguageModelChatInformation(): vscode.LanguageModelChatInformation[] {
    return [this.#information()];
  }

  async provideLanguageModelChatResponse(
    model: vscode.LanguageModelChatInformation,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const canCallTools = this.#session.status?.supportsToolCalling ?? Boolean(model.capabilities.toolCalling);
    const params = toGenerateParams(messages, options, canCallTools);
    if (options.toolMode === vscode.LanguageModelChatToolMode.Required && options.tools?.length && !canCallTools) {
      throw new Error(
        l10n.t(
          'The local model {0} cannot call tools. Choose a model whose chat template supports tool calls.',
          model.name,
        ),
      );
    }
    const report = (part: GeneratePart): void => {
      if ('text' in part) progress.report(new vscode.LanguageModelTextPart(part.text));
      else
        progress.report(
          new vscode.LanguageModelToolCallPart(part.toolCall.id, part.toolCall.name, part.toolCall.input),
        );
    };
    await this.#session.requestStreaming(GENERATE_REQUEST, params, report, token);
  }

  async provideTokenCount(
    _model: vscode.LanguageModelChatInformation,
    text: string | vscode.LanguageModelChatRequestMessage,
    token: vscode.CancellationToken,
  ): Promise<number> {
    const params: CountTokensParams = { text: countableText(text) };
    return (await this.#session.request(COUNT_TOKENS_REQUEST, params, token)).tokens;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#didChange.dispose();
  }

  #information(): vscode.LanguageModelChatInformation {
    const { status } = this.#session;
    return modelInformation(
      status,
      status?.server?.leavesMachine
        ? l10n.t('Chorus: code leaves this machine for {0}', status.server.host)
        : l10n.t('local, nothing leaves this machine'),
    );
  }

  /** A status arrives every few tokens. VS Code is notified only if the model's information changes. */
  #announce(): void {
    const information = JSON.stringify(this.#information());
    if (information === this.#announced) return;
    this.#announced = information;
    this.#didChange.fire();
  }
}

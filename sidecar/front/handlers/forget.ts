import type { ChatService } from '../../chat/chatService.ts';
import { forgetExpert } from '../../keptContexts/learntFolder.ts';
import { contextSetName } from '../../keptContexts/workspaceKey.ts';
import type { EditWriter } from '../../completion/rewriting/editWriter.ts';
import type { CompletionService } from '../../completion/completionService.ts';
import { FORGET_WORKSPACE_REQUEST } from '../../protocol/client.ts';
import type { Client, Clients } from '../client.ts';
import { notedRules, noteRules, type ContextRules } from '../contextRules.ts';
import { conversationId } from '../conversationId.ts';
import { removeContexts, type ContextRemoval } from '../removeContexts.ts';
import { forgetWorkspace } from '../schemas.ts';

export interface ForgetServices extends ContextRemoval {
  readonly clients: Clients;
  readonly completions: CompletionService;
  readonly editWriter: Pick<EditWriter, 'forget'>;
  readonly chatService: ChatService;
  /** The folder of what was learnt from workspaces. */
  readonly learningFolder: string;
}

/**
 * Forgets a workspace's evaluated contexts, on disk and in memory, for every client that has it open, and what was
 * learnt from it.
 */
export function handleForget(client: Client, services: ForgetServices): void {
  const { clients, completions, editWriter, chatService, log } = services;
  client.connection.onRequest(FORGET_WORKSPACE_REQUEST, forgetWorkspace, async (params) => {
    const { clientKind } = client;
    const contextSet = client.contextSet();
    const { unlessRules } = params;
    let rules: ContextRules | undefined;
    if (unlessRules !== undefined) {
      if (!contextSet) return null;
      const noted = await notedRules(contextSet);
      // An empty set is valid for every kind of client.
      rules = { ...noted, [clientKind]: unlessRules };
      if (!noted || noted[clientKind] === unlessRules) {
        await noteRules(contextSet, rules);
        return null;
      }
    }
    const key = params.workspaceKey ?? client.workspaceKey;
    const affected = [...clients].filter(({ workspaceKey }) => workspaceKey === key);
    for (const each of affected) {
      each.forgetAsked();
      each.journal.clear();
    }
    // A conversation with a running answer is forgotten when the answer ends, and is not kept.
    Promise.all(affected.map((each) => chatService.forgetConversations(conversationId(each, '')))).catch(
      (error: unknown) => log.error('A conversation could not be forgotten', error),
    );
    // Requests from now on are made without the expert. The contexts are removed even if it can't be deleted.
    const [expert] = await Promise.allSettled([
      params.keepsExpert ? undefined : forgetExpert(services.learningFolder, contextSetName(key)),
    ]);
    await Promise.all(
      affected.map(async (each) => {
        await completions.forgetClient(each.key);
        await editWriter.forget(each.key);
        await each.services?.forget(each.key);
      }),
    );
    await removeContexts(services, contextSetName(key));
    if (expert.status === 'rejected') throw expert.reason;
    // If the set could not be removed, its rules are not noted: it was filled under others.
    if (contextSet && rules) await noteRules(contextSet, rules);
    return null;
  });
}

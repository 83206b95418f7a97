/**
 * Another extension that uses Chorus's model as any extension would. Its answers go to `probe.json` in the workspace.
 */
const vscode = require('vscode');

exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('chorusProbe.ask', () => record(ask)));
};

async function ask() {
  const [model] = await vscode.lm.selectChatModels({ vendor: 'chorus' });
  if (!model) return { error: 'no model of the vendor chorus' };
  const messages = [vscode.LanguageModelChatMessage.User('Write one short sentence about rivers.')];
  const answer = await model.sendRequest(messages, { justification: 'The probe asks one question.' });
  const chunks = [];
  for await (const chunk of answer.text) chunks.push(chunk);
  return {
    model: model.name,
    family: model.family,
    tokens: await model.countTokens('one two three'),
    chunks: chunks.length,
    text: chunks.join(''),
  };
}

async function record(work) {
  const result = await work().catch((error) => ({ error: String(error) }));
  const folder = vscode.workspace.workspaceFolders[0].uri;
  await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(folder, 'probe.json'), Buffer.from(JSON.stringify(result)));
}

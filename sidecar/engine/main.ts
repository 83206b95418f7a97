/**
 * The engine process. It loads the native code that runs models, so that the front need not. Its parent speaks JSON-RPC
 * to it over the IPC channel.
 */
import process from 'node:process';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { nativeCalls } from '../../kernels/ggml/nativeCalls.ts';
import { startLifeline } from '../common/childProcess/lifeline.ts';
import { LocalEngine } from './localEngine.ts';
import { notifyParent } from '../common/childProcess/answerRequests.ts';
import { ENGINE_LOG } from '../protocol/engine.ts';
import { LocalSpeech } from '../speech/localSpeech.ts';
import { dieWithParent } from '../common/childProcess/parentDeath.ts';
import { serveEngine } from './requests.ts';

// The parent watches this process. Without a parent it has nothing left to do.
startLifeline({ nativeCalls });
dieWithParent();

// Ctrl-C reaches every process of a terminal. The parent decides what to do.
process.on('SIGINT', () => undefined);

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const engine = new LocalEngine({
  log: (line) => process.stderr.write(`${line}\n`),
  report: (line) => notifyParent(connection, ENGINE_LOG, { line }),
});
serveEngine(connection, engine, new LocalSpeech());
connection.listen();

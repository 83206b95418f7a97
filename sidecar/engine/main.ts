/** The engine process: the only one that loads native code. Its parent speaks JSON-RPC to it over the IPC channel. */
import process from 'node:process';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { nativeCalls } from '../../kernels/ggml/nativeCalls.ts';
import { startLifeline } from '../childProcess/lifeline.ts';
import { LocalEngine } from './localEngine.ts';
import { outliers } from '../workshop/outliers/outliers.ts';
import { ENGINE_LOG, type EngineLogLine } from '../protocol/engine.ts';
import { quantize } from '../workshop/quantize/quantize.ts';
import { selectRows } from '../workshop/selectRows.ts';
import { LocalSpeech } from '../speech/localSpeech.ts';
import { trim } from '../workshop/trim/trim.ts';
import { upcycle } from '../workshop/upcycle/upcycle.ts';
import { dieWithParent } from '../childProcess/parentDeath.ts';
import { serveEngine } from './requests.ts';

// Without a parent there is nothing left to do, and while there is one it watches over this process.
startLifeline({ nativeCalls });
dieWithParent();

// Ctrl-C reaches every process of a terminal; the parent says what to do.
process.on('SIGINT', () => undefined);

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const engine = new LocalEngine({
  log: (line) => process.stderr.write(`${line}\n`),
  report: (line) => {
    connection.sendNotification(ENGINE_LOG, { line } satisfies EngineLogLine).catch(() => undefined);
  },
});
serveEngine(connection, engine, { making: { upcycle, quantize, trim, outliers, selectRows }, speech: new LocalSpeech() });
connection.listen();
